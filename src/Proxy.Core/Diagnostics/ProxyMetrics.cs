using System.Diagnostics.Metrics;

namespace Proxy.Diagnostics;

/// <summary>The meter <c>Proxy</c>: connections, bytes, dials, hooks and reloads.</summary>
public sealed class ProxyMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Proxy";

    private static readonly double[] _dialBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    private static readonly double[] _durationBoundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

    private readonly Meter _meter;
    private readonly ConnectionTracker _tracker;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _dial;
    private readonly Histogram<double> _hook;
    private readonly Counter<long> _reloads;
    private readonly Counter<long> _held;
    private readonly Lock _gate = new(); // guards _ended, and that a connection is there or in the tracker
    private readonly Dictionary<string, RouteTotals> _ended = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Creates the instruments.</summary>
    /// <param name="meterFactory">The host's meter factory.</param>
    /// <param name="tracker">The open connections, which gauges are read from on a scrape.</param>
    public ProxyMetrics(IMeterFactory meterFactory, ConnectionTracker tracker)
    {
        ArgumentNullException.ThrowIfNull(meterFactory);
        _tracker = tracker;
        _meter = meterFactory.Create(MeterName);
        _meter.CreateObservableCounter("proxy.connections", ObserveEnded, "{connection}", "Connections that have ended, by outcome.");
        _duration = _meter.CreateHistogram("proxy.connection.duration", "s", "Time from accept to end.", null, Advice(_durationBoundaries));
        _dial = _meter.CreateHistogram("proxy.dial.duration", "s", "Time to connect to one destination.", null, Advice(_dialBoundaries));
        _hook = _meter.CreateHistogram("proxy.hook.duration", "s", "Time a list of hook steps took.", null, Advice(_durationBoundaries));
        _reloads = _meter.CreateCounter<long>("proxy.config.reloads", "{reload}", "Configuration revisions, by result.");
        _held = _meter.CreateCounter<long>("proxy.event_loop.held", "{turn}", "Turns of an event loop that took longer than 50 ms.");
        _meter.CreateObservableUpDownCounter("proxy.active_connections", ObserveActive, "{connection}", "Connections that are open.");
        _meter.CreateObservableCounter("proxy.io", ObserveBytes, "By", "Bytes relayed; receive is from clients, transmit to them.");
    }

    /// <summary>Counts a connection that has ended, and takes it out of the tracker.</summary>
    /// <param name="record">Its record.</param>
    public void Ended(ConnectionRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        try
        {
            var route = new KeyValuePair<string, object?>("proxy.route_id", record.RouteId ?? "");
            _duration.Record(record.Elapsed.TotalSeconds, route);
        }
        finally
        {
            Settle(record);
        }
    }

    /// <summary>What went through each route since the start, the open connections included.</summary>
    /// <returns>One entry for each route that had a connection; the id is empty for connections that no route took.</returns>
    public IReadOnlyList<RouteTraffic> Traffic() => [.. Totals().Select(static pair => pair.Value.Read(pair.Key))];

    /// <summary>Records one dial of one destination.</summary>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="destinationId">The destination.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="succeeded">Whether it connected.</param>
    public void Dialled(string clusterId, string destinationId, TimeSpan duration, bool succeeded) =>
        _dial.Record(
            duration.TotalSeconds,
            new("proxy.cluster_id", clusterId),
            new("proxy.destination_id", destinationId),
            new("proxy.result", succeeded ? "connected" : "failed")
        );

    /// <summary>Records one run of a list of hook steps.</summary>
    /// <param name="routeId">The route.</param>
    /// <param name="hookEvent">What it told: activate, timeout, release.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="outcome">Succeeded, or why not.</param>
    public void HookEnded(string routeId, string hookEvent, TimeSpan duration, string outcome) =>
        _hook.Record(
            duration.TotalSeconds,
            new("proxy.route_id", routeId),
            new("proxy.hook.event", hookEvent),
            new("proxy.outcome", outcome)
        );

    /// <summary>Counts a revision.</summary>
    /// <param name="result">accepted, rejected or pending.</param>
    public void Reloaded(string result) => _reloads.Add(1, new KeyValuePair<string, object?>("proxy.result", result));

    /// <summary>Counts a turn of an event loop that took too long.</summary>
    public void LoopHeld() => _held.Add(1);

    /// <inheritdoc />
    public void Dispose() => _meter.Dispose();

    private static InstrumentAdvice<double> Advice(double[] boundaries) => new() { HistogramBucketBoundaries = boundaries };

    private IEnumerable<Measurement<int>> ObserveActive() =>
        _tracker
            .Open.GroupBy(static record => record.RouteId ?? "", StringComparer.OrdinalIgnoreCase)
            .Select(static group => new Measurement<int>(group.Count(), new KeyValuePair<string, object?>("proxy.route_id", group.Key)));

    // In one step: a scrape in between would miss the connection's bytes, or see them twice, and the sum would go backwards.
    private void Settle(ConnectionRecord record)
    {
        lock (_gate)
        {
            var totals = Of(_ended, record);
            totals.Add(record);
            totals.End(record.Outcome);
            _tracker.Remove(record);
        }
    }

    // The route is asked for once: one chosen meanwhile would get the sum of another.
    private static RouteTotals Of(Dictionary<string, RouteTotals> totals, ConnectionRecord record)
    {
        var route = record.RouteId ?? "";
        if (!totals.TryGetValue(route, out var found))
        {
            totals.Add(route, found = new RouteTotals());
        }

        return found;
    }

    private Dictionary<string, RouteTotals> Totals()
    {
        lock (_gate)
        {
            var totals = _ended.ToDictionary(static pair => pair.Key, static pair => pair.Value.Copy(), StringComparer.OrdinalIgnoreCase);
            foreach (var record in _tracker.Open)
            {
                var route = Of(totals, record);
                route.Add(record);
                route.Open++;
            }

            return totals;
        }
    }

    private List<Measurement<long>> ObserveBytes()
    {
        var traffic = Traffic();
        var measurements = new List<Measurement<long>>(traffic.Count * 2);
        foreach (var route in traffic)
        {
            measurements.Add(new(route.ReceivedBytes, new("proxy.route_id", route.RouteId), new("network.io.direction", "receive")));
            measurements.Add(new(route.SentBytes, new("proxy.route_id", route.RouteId), new("network.io.direction", "transmit")));
        }

        return measurements;
    }

    private List<Measurement<long>> ObserveEnded()
    {
        lock (_gate)
        {
            return
            [
                .. _ended.SelectMany(static pair =>
                    pair.Value.Read(pair.Key)
                        .Ended.Select(ended => new Measurement<long>(
                            ended.Value,
                            new("proxy.route_id", pair.Key),
                            new("proxy.outcome", ended.Key.ToString())
                        ))
                ),
            ];
        }
    }
}
