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
    private Instruments _instruments = null!;

    public MultiplexMetrics(ProxyMeter meter)
    {
        _meter = meter;
        meter.Add(Create);
    }

    public void Dispose() => _meter.Dispose();

    private Instruments Now => Volatile.Read(ref _instruments);

    /// <summary>Registers the observation of queue lengths.</summary>
    public void Observe(Func<IEnumerable<Measurement<int>>> queued) =>
        _meter.Add(meter =>
            meter.CreateObservableUpDownCounter("proxy.multiplex.queued", queued, "{request}", "Requests that wait to be sent.")
        );

    public void Waited(TimeSpan time, in TagList tags) => Now.Wait.Record(time.TotalSeconds, tags);

    public void Exchanged(TimeSpan time, in TagList tags) => Now.Exchange.Record(time.TotalSeconds, tags);

    public void TimedOut(in TagList tags) => Now.Timeouts.Add(1, tags);

    public void Reconnected(in TagList tags) => Now.Reconnects.Add(1, tags);

    public void Late(in TagList tags) => Now.Late.Add(1, tags);

    public void CacheHit(in TagList tags) => Now.CacheHits.Add(1, tags);

    public void Shared(in TagList tags) => Now.Shared.Add(1, tags);

    private void Create(Meter meter)
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries };
        Volatile.Write(
            ref _instruments,
            new(
                meter.CreateHistogram("proxy.multiplex.wait.duration", "s", "Time that requests waited to be sent.", null, advice),
                meter.CreateHistogram("proxy.multiplex.exchange.duration", "s", "Time from a request to its reply.", null, advice),
                meter.CreateCounter<long>("proxy.multiplex.timeouts", "{request}", "Requests that were not answered in time."),
                meter.CreateCounter<long>("proxy.multiplex.reconnects", "{connection}", "Upstream connections that were lost or given up."),
                meter.CreateCounter<long>("proxy.multiplex.late_replies", "{reply}", "Replies that came too late, twice, or unasked for."),
                meter.CreateCounter<long>("proxy.multiplex.cache.hits", "{request}", "Reads that were answered from the cache."),
                meter.CreateCounter<long>("proxy.multiplex.shared", "{request}", "Reads that shared the exchange of the same read.")
            )
        );
    }

    private sealed record Instruments(
        Histogram<double> Wait,
        Histogram<double> Exchange,
        Counter<long> Timeouts,
        Counter<long> Reconnects,
        Counter<long> Late,
        Counter<long> CacheHits,
        Counter<long> Shared
    );
}
