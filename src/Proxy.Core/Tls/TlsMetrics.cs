using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Tls;

/// <summary>The metrics of TLS handshakes, with clients of routes and with destinations of clusters. Thread-safe.</summary>
internal sealed class TlsMetrics
{
    private static readonly double[] _boundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

    // Cached, since the name of an enum value allocates at each call.
    private static readonly string[] _reasons = Enum.GetNames<TlsFailureReason>();

    private readonly ConcurrentDictionary<(TlsSide Side, string Id), Sums> _sums = new();
    private readonly RecentIds _routes = new(ProxyMeter.MaxGone);
    private readonly RecentIds _clusters = new(ProxyMeter.MaxGone);
    private readonly Histogram<double> _duration;

    /// <summary>Creates the instruments.</summary>
    public TlsMetrics(ProxyMeter meter)
    {
        var instruments = meter.Instruments;
        // Observed and not added to: what is added before a collector listens is lost.
        instruments.CreateObservableCounter(
            "proxy.tls.handshakes",
            Observe,
            "{handshake}",
            "TLS handshakes that have ended, by result: full, resumed or failed."
        );
        _duration = instruments.CreateHistogram(
            "proxy.tls.handshake.duration",
            "s",
            "Time a TLS handshake took; with clients from their connection on.",
            null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries }
        );
    }

    /// <summary>Counts a handshake that has succeeded.</summary>
    /// <param name="side">With what it was.</param>
    /// <param name="id">The id of the route, or of the cluster.</param>
    /// <param name="facts">What was agreed on.</param>
    /// <param name="duration">How long it took.</param>
    public void Succeeded(TlsSide side, string id, TlsFacts facts, TimeSpan duration)
    {
        var result = facts.IsResumed == true ? "resumed" : "full"; // also where the platform does not tell
        Count(side, id, new(result, TlsVersions.NameOf(facts.Protocol), ""));
        Record(side, id, result, duration);
    }

    /// <summary>Counts a handshake that has failed.</summary>
    /// <param name="side">With what it was.</param>
    /// <param name="id">The id of the route, or of the cluster.</param>
    /// <param name="reason">Why.</param>
    /// <param name="duration">How long it took.</param>
    public void Failed(TlsSide side, string id, TlsFailureReason reason, TimeSpan duration)
    {
        Count(side, id, new("failed", "", _reasons[(int)reason]));
        Record(side, id, "failed", duration);
    }

    /// <summary>Sets which routes and clusters use TLS, and forgets those that have not for long.</summary>
    public void Configure(IEnumerable<string> routes, IEnumerable<string> clusters)
    {
        lock (_routes)
        {
            _routes.Set(routes);
            _clusters.Set(clusters);
            foreach (var key in _sums.Keys.Where(key => !(key.Side == TlsSide.Client ? _routes : _clusters).Contains(key.Id)))
            {
                _sums.TryRemove(key, out _);
            }
        }
    }

    private void Count(TlsSide side, string id, Kind kind) =>
        _sums.GetOrAdd((side, id), static _ => new()).GetOrAdd(kind, static _ => new()).Increment();

    private void Record(TlsSide side, string id, string result, TimeSpan duration) =>
        _duration.Record(duration.TotalSeconds, new("proxy.side", NameOf(side)), new(IdOf(side), id), new("proxy.result", result));

    private IEnumerable<Measurement<long>> Observe() =>
        from sums in _sums
        from one in sums.Value
        select new Measurement<long>(
            one.Value.Count,
            new("proxy.side", NameOf(sums.Key.Side)),
            new(IdOf(sums.Key.Side), sums.Key.Id),
            new("proxy.result", one.Key.Result),
            new("proxy.reason", one.Key.Reason),
            new("tls.protocol.version", one.Key.Version)
        );

    private static string NameOf(TlsSide side) => side == TlsSide.Client ? "client" : "upstream";

    private static string IdOf(TlsSide side) => side == TlsSide.Client ? "proxy.route_id" : "proxy.cluster_id";

    private readonly record struct Kind(string Result, string Version, string Reason);

    private sealed class Sums : ConcurrentDictionary<Kind, Sum>;

    private sealed class Sum
    {
        private long _count;

        public long Count => Interlocked.Read(ref _count);

        public void Increment() => Interlocked.Increment(ref _count);
    }
}
