using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Engine;

/// <summary>The metrics of the engine: its calls, and how well it is reached. Thread-safe.</summary>
internal sealed class EngineMetrics
{
    private static readonly double[] _boundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

    private readonly Histogram<double> _duration;
    private volatile IEngine? _engine;

    /// <summary>Creates the instruments.</summary>
    public EngineMetrics(ProxyMeter meter)
    {
        var instruments = meter.Instruments;
        _duration = instruments.CreateHistogram(
            "proxy.engine.call.duration",
            "s",
            "Time a call of the engine took, by what it was and how it ended.",
            null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries }
        );
        instruments.CreateObservableUpDownCounter(
            "proxy.engine.connected",
            () => Observe(static status => status.ConnectedSince is null ? 0 : 1),
            null,
            "1 while the engine answers."
        );
        instruments.CreateObservableUpDownCounter(
            "proxy.engine.revision_lag",
            () => Observe(static status => status.RevisionLag),
            "{revision}",
            "Revisions of the engine by which this host may be behind."
        );
        instruments.CreateObservableGauge(
            "proxy.engine.lease_left",
            () => Observe(static status => (status.LeaseLeft ?? TimeSpan.Zero).TotalSeconds),
            "s",
            "Time that the lease of this host lasts without another renewal."
        );
        instruments.CreateObservableCounter(
            "proxy.engine.reconnects",
            () => Observe(static status => status.Reconnects),
            "{connection}",
            "Connections to the engine that were made again."
        );
    }

    /// <summary>Says which engine there is.</summary>
    public void Observe(IEngine engine) => _engine = engine;

    /// <summary>A call has ended.</summary>
    /// <param name="method">What it was, in a word of a closed set.</param>
    /// <param name="result">How it ended, likewise.</param>
    /// <param name="took">How long it took.</param>
    public void Ended(string method, string result, TimeSpan took) =>
        _duration.Record(took.TotalSeconds, new("proxy.engine.method", method), new KeyValuePair<string, object?>("proxy.result", result));

    private IEnumerable<Measurement<T>> Observe<T>(Func<EngineStatus, T> value)
        where T : struct => _engine is { } engine ? [new(value(engine.Status))] : [];
}
