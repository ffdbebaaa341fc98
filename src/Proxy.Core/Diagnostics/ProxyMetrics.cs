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
    private readonly Counter<long> _connections;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _dial;
    private readonly Histogram<double> _hook;
    private readonly Counter<long> _reloads;
    private readonly Counter<long> _held;
    private readonly Lock _gate = new(); // guards _endedBytes, and that a connection's bytes are there or in the tracker
    private readonly Dictionary<string, (long In, long Out)> _endedBytes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Creates the instruments.</summary>
    /// <param name="meterFactory">The host's meter factory.</param>
    /// <param name="tracker">The open connections, which gauges are read from on a scrape.</param>
    public ProxyMetrics(IMeterFactory meterFactory, ConnectionTracker tracker)
    {
        ArgumentNullException.ThrowIfNull(meterFactory);
        _tracker = tracker;
        _meter = meterFactory.Create(MeterName);
        _connections = _meter.CreateCounter<long>("proxy.connections", "{connection}", "Connections that have ended, by outcome.");
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
            var outcome = new KeyValuePair<string, object?>("proxy.outcome", record.Outcome?.ToString());
            _connections.Add(1, route, outcome);
            _duration.Record(record.Elapsed.TotalSeconds, route);
        }
        finally
        {
            // It was measured while its span was current, which exemplars need; and the span has to be out before the tracker is empty.
            record.Span?.End(record);
            Settle(record);
        }
    }

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
            Add(_endedBytes, record);
            _tracker.Remove(record);
        }
    }

    // The route is asked for once: one chosen meanwhile would get the sum of another.
    private static void Add(Dictionary<string, (long In, long Out)> totals, ConnectionRecord record)
    {
        var route = record.RouteId ?? "";
        var (received, sent) = totals.GetValueOrDefault(route);
        totals[route] = (received + record.ClientBytes, sent + record.UpstreamBytes);
    }

    private Dictionary<string, (long In, long Out)> Bytes()
    {
        lock (_gate)
        {
            var totals = new Dictionary<string, (long In, long Out)>(_endedBytes, StringComparer.OrdinalIgnoreCase);
            foreach (var record in _tracker.Open)
            {
                Add(totals, record);
            }

            return totals;
        }
    }

    private List<Measurement<long>> ObserveBytes()
    {
        var totals = Bytes();
        var measurements = new List<Measurement<long>>(totals.Count * 2);
        foreach (var (route, (received, sent)) in totals)
        {
            measurements.Add(new(received, new("proxy.route_id", route), new("network.io.direction", "receive")));
            measurements.Add(new(sent, new("proxy.route_id", route), new("network.io.direction", "transmit")));
        }

        return measurements;
    }
}
