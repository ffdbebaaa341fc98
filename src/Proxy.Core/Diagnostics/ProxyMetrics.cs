using System.Diagnostics.Metrics;

namespace Proxy.Diagnostics;

/// <summary>The metrics of connections, bytes, dials, hooks and reloads, in the meter <c>Proxy</c>.</summary>
public sealed class ProxyMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = ProxyMeter.Name;

    private static readonly double[] _dialBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    private static readonly double[] _durationBoundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

    // Cached, since the name of an enum value allocates at each call.
    private static readonly string[] _outcomes = Enum.GetNames<ConnectionOutcome>();

    private static readonly string[] _results = ["accepted", "rejected", "pending"];
    private static readonly (ConnectionOutcome Outcome, long Count) _noFault = (ConnectionOutcome.InternalError, 0);

    private readonly ProxyMeter _meter;
    private readonly ConnectionTracker _tracker;
    private readonly Lock _gate = new(); // guards _routes
    private readonly RecentIds _routes = new(ProxyMeter.MaxGone);
    private readonly long[] _reloads = new long[_results.Length];
    private long _held;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _dial;
    private readonly Histogram<double> _hook;

    /// <summary>Creates the instruments.</summary>
    /// <param name="meter">The meter that they belong to.</param>
    /// <param name="tracker">The open connections, from which gauges are read on a scrape.</param>
    /// <param name="recent">Gets each end, too; null for a new one.</param>
    public ProxyMetrics(ProxyMeter meter, ConnectionTracker tracker, RecentOutcomes? recent = null)
    {
        ArgumentNullException.ThrowIfNull(meter);
        (_meter, _tracker, Recent) = (meter, tracker, recent ?? new(TimeProvider.System));
        var instruments = meter.Instruments;
        _duration = instruments.CreateHistogram(
            "proxy.connection.duration",
            "s",
            "Time from accept to end.",
            null,
            Advice(_durationBoundaries)
        );
        _dial = instruments.CreateHistogram(
            "proxy.dial.duration",
            "s",
            "Time to connect to one destination.",
            null,
            Advice(_dialBoundaries)
        );
        _hook = instruments.CreateHistogram(
            "proxy.hook.duration",
            "s",
            "Time a list of hook steps took.",
            null,
            Advice(_durationBoundaries)
        );
        // Observed and not added to: a series that begins with its first count has not increased, and what is added before a collector listens is lost.
        instruments.CreateObservableCounter("proxy.config.reloads", ObserveReloads, "{reload}", "Configuration revisions, by result.");
        instruments.CreateObservableCounter(
            "proxy.event_loop.held",
            () => Interlocked.Read(ref _held),
            "{turn}",
            "Turns of an event loop that took longer than 50 ms."
        );
        instruments.CreateObservableCounter(
            "proxy.dial.no_local_port",
            static () => PortShortages.OfProcess.Total,
            "{dial}",
            "Dials that failed because no local port was left towards the destination."
        );
        instruments.CreateObservableCounter("proxy.connections", ObserveEnded, "{connection}", "Connections that have ended, by outcome.");
        instruments.CreateObservableUpDownCounter("proxy.active_connections", ObserveActive, "{connection}", "Connections that are open.");
        instruments.CreateObservableCounter("proxy.io", ObserveBytes, "By", "Bytes relayed; receive is from clients, transmit to them.");
    }

    /// <summary>Counts a connection that has ended, and removes it from the tracker.</summary>
    /// <param name="record">The record of the connection.</param>
    public void Ended(ConnectionRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        try
        {
            Recent.Ended(record);
            var route = new KeyValuePair<string, object?>("proxy.route_id", record.RouteId ?? "");
            _duration.Record(record.Elapsed.TotalSeconds, route);
        }
        finally
        {
            // After measuring, since exemplars need the span as the current one; before the tracker can be empty, since the span has to be
            // exported by then.
            record.Span?.End(record);
            _tracker.Settle(record);
        }
    }

    /// <summary>The traffic of each route since the start, including open connections.</summary>
    /// <returns>One entry per route that had a connection; an empty id for connections without a route.</returns>
    public IReadOnlyList<RouteTraffic> Traffic() => [.. _tracker.Totals().Select(static pair => pair.Value.Read(pair.Key))];

    /// <summary>Records one attempt to connect to a destination.</summary>
    /// <param name="clusterId">The id of the cluster.</param>
    /// <param name="destinationId">The id of the destination.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="succeeded">Whether it connected.</param>
    public void Dialed(string clusterId, string destinationId, TimeSpan duration, bool succeeded) =>
        _dial.Record(
            duration.TotalSeconds,
            new("proxy.cluster_id", clusterId),
            new("proxy.destination_id", destinationId),
            new("proxy.result", succeeded ? "connected" : "failed")
        );

    /// <summary>What happened lately.</summary>
    internal RecentOutcomes Recent { get; }

    /// <summary>Records one run of a list of hook steps.</summary>
    /// <param name="routeId">The id of the route.</param>
    /// <param name="hookEvent">The event: activate, timeout or release.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="outcome">The result of the run.</param>
    public void HookEnded(string routeId, string hookEvent, TimeSpan duration, string outcome) =>
        _hook.Record(
            duration.TotalSeconds,
            new("proxy.route_id", routeId),
            new("proxy.hook.event", hookEvent),
            new("proxy.outcome", outcome)
        );

    /// <summary>Counts a revision.</summary>
    /// <param name="result">accepted, rejected or pending.</param>
    /// <exception cref="ArgumentOutOfRangeException">The result is none of these.</exception>
    public void Reloaded(string result)
    {
        var index = Array.IndexOf(_results, result);
        ArgumentOutOfRangeException.ThrowIfNegative(index, nameof(result));
        Interlocked.Increment(ref _reloads[index]);
    }

    /// <summary>Counts a turn of an event loop that took too long.</summary>
    public void LoopHeld() => Interlocked.Increment(ref _held);

    /// <inheritdoc />
    public void Dispose() => _meter.Dispose();

    /// <summary>Sets what is configured now, and removes the sums of routes that were removed long ago.</summary>
    /// <param name="routes">The ids of the routes.</param>
    /// <param name="others">All other ids that are labels: of clusters and destinations.</param>
    internal void Configure(IReadOnlyCollection<string> routes, IEnumerable<string> others)
    {
        lock (_gate)
        {
            _routes.Set(routes);
            _tracker.Forget(route => route.Length > 0 && !_routes.Contains(route));
        }

        _meter.Configure(routes.Select(static route => $"route {route}").Concat(others));
    }

    private static InstrumentAdvice<double> Advice(double[] boundaries) => new() { HistogramBucketBoundaries = boundaries };

    private IEnumerable<Measurement<int>> ObserveActive() =>
        _tracker
            .Totals()
            .Select(static pair => new Measurement<int>(pair.Value.Open, new KeyValuePair<string, object?>("proxy.route_id", pair.Key)));

    private IEnumerable<Measurement<long>> ObserveReloads() =>
        _results.Select(
            (result, i) =>
                new Measurement<long>(Interlocked.Read(ref _reloads[i]), new KeyValuePair<string, object?>("proxy.result", result))
        );

    private IEnumerable<Measurement<long>> ObserveEnded() =>
        from pair in _tracker.Totals()
        // So that the first failure shows as an increase.
        from ended in pair.Value.Ended.Append(_noFault).DistinctBy(static ended => ended.Outcome)
        select new Measurement<long>(ended.Count, new("proxy.route_id", pair.Key), new("proxy.outcome", _outcomes[(int)ended.Outcome]));

    private List<Measurement<long>> ObserveBytes()
    {
        var totals = _tracker.Totals();
        var measurements = new List<Measurement<long>>(totals.Count * 2);
        foreach (var (route, sums) in totals)
        {
            measurements.Add(new(sums.Received, new("proxy.route_id", route), new("network.io.direction", "receive")));
            measurements.Add(new(sums.Sent, new("proxy.route_id", route), new("network.io.direction", "transmit")));
        }

        return measurements;
    }
}
