using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Etcd.Client;

/// <summary>The duration of calls of the engine. What is known besides is observed by <c>EngineMetrics</c>.</summary>
internal sealed class EtcdMetrics
{
    private static readonly double[] _boundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    private static readonly string[] _methods = [.. Enum.GetNames<EtcdMethod>().Select(static name => name.ToLowerInvariant())];
    private static readonly string[] _faults = Enum.GetNames<EtcdFault>();

    private readonly Histogram<double>? _duration;

    /// <param name="meter">What instruments are created from; null for no metrics, as in a command.</param>
    public EtcdMetrics(ProxyMeter? meter) =>
        _duration = meter?.Instruments.CreateHistogram(
            "proxy.engine.call.duration",
            "s",
            "Time a call of the engine took, by what it was and how it ended.",
            null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries }
        );

    /// <summary>The word for a failure.</summary>
    public static string Word(EtcdFault fault) => _faults[(int)fault];

    /// <summary>A call has ended.</summary>
    public void Ended(EtcdMethod method, string result, TimeSpan took) =>
        _duration?.Record(took.TotalSeconds, new("proxy.engine.method", _methods[(int)method]), new KeyValuePair<string, object?>("proxy.result", result));
}
