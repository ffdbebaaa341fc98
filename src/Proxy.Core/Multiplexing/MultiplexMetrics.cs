using System.Diagnostics;
using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>The multiplexer's part of the meter <c>Proxy</c>, by route, cluster and destination; what nobody asked for, and connections, by the latter two.</summary>
public sealed class MultiplexMetrics : IDisposable
{
    private static readonly double[] _boundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

    private readonly Meter _meter;
    private readonly Histogram<double> _wait;
    private readonly Histogram<double> _exchange;
    private readonly Counter<long> _timeouts;
    private readonly Counter<long> _reconnects;
    private readonly Counter<long> _late;
    private readonly Counter<long> _cacheHits;
    private readonly Counter<long> _shared;

    /// <summary>Creates the instruments.</summary>
    /// <param name="meterFactory">The host's meter factory.</param>
    public MultiplexMetrics(IMeterFactory meterFactory)
    {
        ArgumentNullException.ThrowIfNull(meterFactory);
        _meter = meterFactory.Create(ProxyMetrics.MeterName);
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries };
        _wait = _meter.CreateHistogram("proxy.multiplex.wait", "s", "Time that requests waited to be sent.", null, advice);
        _exchange = _meter.CreateHistogram("proxy.multiplex.exchange.duration", "s", "Time from a request to its reply.", null, advice);
        _timeouts = _meter.CreateCounter<long>("proxy.multiplex.timeouts", "{request}", "Requests that were not answered in time.");
        _reconnects = _meter.CreateCounter<long>(
            "proxy.multiplex.reconnects",
            "{connection}",
            "Upstream connections that were lost or given up."
        );
        _late = _meter.CreateCounter<long>("proxy.multiplex.late_replies", "{reply}", "Replies that came too late, twice, or unasked for.");
        _cacheHits = _meter.CreateCounter<long>("proxy.multiplex.cache.hits", "{request}", "Reads that were answered from the cache.");
        _shared = _meter.CreateCounter<long>("proxy.multiplex.shared", "{request}", "Reads that shared the exchange of the same read.");
    }

    /// <inheritdoc />
    public void Dispose() => _meter.Dispose();

    /// <summary>Lets the length of the queues be observed.</summary>
    internal void Observe(Func<IEnumerable<Measurement<int>>> queued) =>
        _meter.CreateObservableUpDownCounter("proxy.multiplex.queued", queued, "{request}", "Requests that wait to be sent.");

    internal void Waited(TimeSpan time, in TagList tags) => _wait.Record(time.TotalSeconds, tags);

    internal void Exchanged(TimeSpan time, in TagList tags) => _exchange.Record(time.TotalSeconds, tags);

    internal void TimedOut(in TagList tags) => _timeouts.Add(1, tags);

    internal void Reconnected(in TagList tags) => _reconnects.Add(1, tags);

    internal void Late(in TagList tags) => _late.Add(1, tags);

    internal void CacheHit(in TagList tags) => _cacheHits.Add(1, tags);

    internal void Shared(in TagList tags) => _shared.Add(1, tags);
}
