using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>The metrics of locks: waiting clients, held permits, and durations.</summary>
internal sealed class LockMetrics
{
    private static readonly double[] _boundaries = [0.001, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600];
    private Histogram<double> _wait = null!;
    private Histogram<double> _hold = null!;

    public LockMetrics(ProxyMeter meter) => meter.Add(Create);

    /// <summary>Returns the queues that gauges are read from.</summary>
    public Func<IEnumerable<LockQueue>> Queues { get; set; } = static () => [];

    public void Admitted(string routeId, TimeSpan waited) => Volatile.Read(ref _wait).Record(waited.TotalSeconds, Route(routeId));

    public void Released(string routeId, TimeSpan held) => Volatile.Read(ref _hold).Record(held.TotalSeconds, Route(routeId));

    private void Create(Meter meter)
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries };
        var wait = meter.CreateHistogram("proxy.lock.wait.duration", "s", "Time from arrival at a lock to a permit.", null, advice);
        var hold = meter.CreateHistogram("proxy.lock.hold.duration", "s", "Time from a permit to its return.", null, advice);
        Volatile.Write(ref _wait, wait);
        Volatile.Write(ref _hold, hold);
        meter.CreateObservableUpDownCounter(
            "proxy.lock.waiting",
            () => Observe(static x => x.Waiting),
            "{connection}",
            "Clients that wait."
        );
        meter.CreateObservableUpDownCounter(
            "proxy.lock.holding",
            () => Observe(static x => x.Holding),
            "{connection}",
            "Permits that are held."
        );
    }

    private static KeyValuePair<string, object?> Route(string id) => new("proxy.route_id", id);

    private IEnumerable<Measurement<int>> Observe(Func<(int Waiting, int Holding), int> value) =>
        Queues().Select(queue => new Measurement<int>(value(queue.Count()), Route(queue.RouteId)));
}
