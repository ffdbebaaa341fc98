using System.Diagnostics;
using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>
/// The multiplexer's metrics in the meter <c>Proxy</c>, by route, cluster and destination; unsolicited replies and connections by cluster
/// and destination.
/// </summary>
internal sealed class MultiplexMetrics : IDisposable
{
    private static readonly double[] _boundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

    private readonly ProxyMeter _meter;
    private readonly Histogram<double> _wait;
    private readonly Histogram<double> _exchange;
    private readonly Counter<long> _timeouts;
    private readonly Counter<long> _reconnects;
    private readonly Counter<long> _late;
    private readonly Counter<long> _cacheHits;
    private readonly Counter<long> _shared;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _repeats;

    public MultiplexMetrics(ProxyMeter meter)
    {
        _meter = meter;
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries };
        var instruments = meter.Instruments;
        _wait = instruments.CreateHistogram("proxy.multiplex.wait.duration", "s", "Time that requests waited to be sent.", null, advice);
        _exchange = instruments.CreateHistogram(
            "proxy.multiplex.exchange.duration",
            "s",
            "Time from a request to its reply.",
            null,
            advice
        );
        _timeouts = instruments.CreateCounter<long>("proxy.multiplex.timeouts", "{request}", "Requests that were not answered in time.");
        _reconnects = instruments.CreateCounter<long>(
            "proxy.multiplex.reconnects",
            "{connection}",
            "Upstream connections that were lost or given up."
        );
        _late = instruments.CreateCounter<long>(
            "proxy.multiplex.late_replies",
            "{reply}",
            "Replies that came too late, twice, or unasked for."
        );
        _cacheHits = instruments.CreateCounter<long>("proxy.multiplex.cache.hits", "{request}", "Reads that were answered from the cache.");
        _shared = instruments.CreateCounter<long>(
            "proxy.multiplex.shared",
            "{request}",
            "Reads that shared the exchange of the same read."
        );
        _repeats = instruments.CreateCounter<long>(
            "proxy.multiplex.repeats",
            "{request}",
            "Requests that were sent again, since their connection was lost."
        );
        _requests = instruments.CreateCounter<long>("proxy.multiplex.requests", "{request}", "Requests of clients, by outcome.");
    }

    /// <summary>Lets the number of suspended units and requests be observed.</summary>
    public void ObserveSuspended(Func<IEnumerable<Measurement<int>>> suspended) =>
        _meter.Instruments.CreateObservableUpDownCounter(
            "proxy.multiplex.suspended",
            suspended,
            "{subject}",
            "Units and requests that fail at once, since they were not answered."
        );

    public void Dispose() => _meter.Dispose();

    /// <summary>Lets the length of the queues be observed.</summary>
    public void Observe(Func<IEnumerable<Measurement<int>>> queued) =>
        _meter.Instruments.CreateObservableUpDownCounter("proxy.multiplex.queued", queued, "{request}", "Requests that wait to be sent.");

    /// <summary>Lets the memory of messages be observed.</summary>
    public void ObserveMemory(Func<IEnumerable<Measurement<long>>> buffered) =>
        _meter.Instruments.CreateObservableUpDownCounter(
            "proxy.multiplex.buffered",
            buffered,
            "By",
            "Memory of requests and of replies that are not taken."
        );

    public void Waited(TimeSpan time, in TagList tags) => _wait.Record(time.TotalSeconds, tags);

    public void Exchanged(TimeSpan time, in TagList tags) => _exchange.Record(time.TotalSeconds, tags);

    public void TimedOut(in TagList tags) => _timeouts.Add(1, tags);

    public void Reconnected(in TagList tags) => _reconnects.Add(1, tags);

    public void Late(in TagList tags) => _late.Add(1, tags);

    public void CacheHit(in TagList tags) => _cacheHits.Add(1, tags);

    public void Ended(int requests, ReadOnlySpan<KeyValuePair<string, object?>> tags) => _requests.Add(requests, tags);

    public void Repeated(in TagList tags) => _repeats.Add(1, tags);

    public void Shared(in TagList tags) => _shared.Add(1, tags);
}
