using Proxy.Diagnostics;

namespace Proxy.Host.Contracts;

/// <summary>What happened in the last minutes.</summary>
/// <param name="Interval">The time between two samples.</param>
/// <param name="Samples">The totals since the start at moments of the last five minutes, oldest first.</param>
/// <param name="Ends">The last connections and requests, at most 200, that did not end as they should; newest first.</param>
internal sealed record HistoryAnswer(TimeSpan Interval, IReadOnlyList<TrafficSample> Samples, IReadOnlyList<RecentEnd> Ends);
