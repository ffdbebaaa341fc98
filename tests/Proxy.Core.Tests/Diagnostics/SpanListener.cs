using System.Collections.Concurrent;
using System.Diagnostics;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

/// <summary>Hears the spans of the whole process, as OpenTelemetry does.</summary>
internal sealed class SpanListener : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public SpanListener(
        ActivitySamplingResult sampling = ActivitySamplingResult.AllDataAndRecorded,
        string source = ProxyTracing.SourceName,
        Action<Activity>? ended = null
    )
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = candidate => candidate.Name == source,
            Sample = (ref _) => sampling,
            ActivityStopped = activity =>
            {
                ended?.Invoke(activity);
                _ended.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<Activity> Ended => [.. _ended];

    public void Dispose() => _listener.Dispose();
}
