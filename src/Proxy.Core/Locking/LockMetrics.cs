using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>The metrics of locks: waiting clients, held permits, and durations.</summary>
internal sealed class LockMetrics
{
    private static readonly double[] _boundaries = [0.001, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600];
    private readonly Histogram<double> _wait;
    private readonly Histogram<double> _hold;

    public LockMetrics(ProxyMeter meter)
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries };
        var instruments = meter.Instruments;
        _wait = instruments.CreateHistogram("proxy.lock.wait.duration", "s", "Time from arrival at a lock to a permit.", null, advice);
        _hold = instruments.CreateHistogram("proxy.lock.hold.duration", "s", "Time from a permit to its return.", null, advice);
        instruments.CreateObservableUpDownCounter(
            "proxy.lock.waiting",
            () => Observe(static queue => queue.Count().Waiting),
            "{connection}",
            "Clients that wait."
        );
        instruments.CreateObservableUpDownCounter(
            "proxy.lock.holding",
            () => Observe(static queue => queue.Count().Holding),
            "{connection}",
            "Permits that are held."
        );
        instruments.CreateObservableUpDownCounter(
            "proxy.lock.shared.waiting",
            () => ObserveShared(static shared => shared.Waiting),
            "{connection}",
            "Clients of all hosts that wait, of a lock with Scope Global."
        );
        instruments.CreateObservableUpDownCounter(
            "proxy.lock.shared.holding",
            () => ObserveShared(static shared => shared.Holding),
            "{connection}",
            "Permits that clients of all hosts hold, of a lock with Scope Global."
        );
        instruments.CreateObservableGauge(
            "proxy.lock.longest_wait",
            () => Queues().Select(static queue => new Measurement<double>(queue.LongestWait().TotalSeconds, Route(queue.RouteId))),
            "s",
            "How long the first client in the queue has waited."
        );
        instruments.CreateObservableUpDownCounter(
            "proxy.lock.silent",
            () => Observe(static queue => queue.Silent.Count),
            "{connection}",
            "Clients that have sent nothing yet and wait outside the queue."
        );
    }

    /// <summary>The queues that gauges are read from.</summary>
    public Func<IEnumerable<LockQueue>> Queues { get; set; } = static () => [];

    public void Admitted(string routeId, TimeSpan waited) => _wait.Record(waited.TotalSeconds, Route(routeId));

    public void Released(string routeId, TimeSpan held) => _hold.Record(held.TotalSeconds, Route(routeId));

    private static KeyValuePair<string, object?> Route(string id) => new("proxy.route_id", id);

    private IEnumerable<Measurement<int>> ObserveShared(Func<SharedLockStatus, int> value) =>
        Queues()
            .Select(static queue => queue.Brief().Status)
            .Where(static status => status.Shared is not null)
            .Select(status => new Measurement<int>(value(status.Shared!), Route(status.RouteId)));

    private IEnumerable<Measurement<int>> Observe(Func<LockQueue, int> value) =>
        Queues().Select(queue => new Measurement<int>(value(queue), Route(queue.RouteId)));
}
