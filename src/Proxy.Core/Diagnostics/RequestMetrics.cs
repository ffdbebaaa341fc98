using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Proxy.Diagnostics;

/// <summary>The metrics of HTTP requests by route and cluster, in the meter <c>Proxy</c>.</summary>
public sealed class RequestMetrics
{
    private static readonly double[] _boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60];
    private static readonly string[] _always = ["2xx", "5xx"]; // so that the first of them shows as an increase

    private readonly ConcurrentDictionary<(string Route, string Cluster), RequestTotals> _totals = new();
    private readonly RecentIds _routes = new(ProxyMeter.MaxGone);
    private readonly RecentOutcomes _recent;
    private readonly Histogram<double> _duration;

    /// <summary>Creates the instruments.</summary>
    /// <param name="meter">The meter that they belong to.</param>
    /// <param name="recent">Gets each end, too; null for a new one.</param>
    public RequestMetrics(ProxyMeter meter, RecentOutcomes? recent = null)
    {
        ArgumentNullException.ThrowIfNull(meter);
        _recent = recent ?? new(TimeProvider.System);
        var instruments = meter.Instruments;
        _duration = instruments.CreateHistogram(
            "proxy.http.request.duration",
            "s",
            "Time from the headers of a request to the end of its response.",
            null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries }
        );
        instruments.CreateObservableCounter(
            "proxy.http.requests",
            ObserveStatuses,
            "{request}",
            "HTTP requests that have ended, by class of status."
        );
        instruments.CreateObservableCounter(
            "proxy.http.request.failures",
            () => Observe(static one => one.Ended.Sum(static pair => pair.Key == nameof(ConnectionOutcome.Completed) ? 0 : pair.Value)),
            "{request}",
            "HTTP requests that did not get the destination's whole answer."
        );
        instruments.CreateObservableUpDownCounter(
            "proxy.http.active_requests",
            () => Observe(static one => one.Open),
            "{request}",
            "HTTP requests under way."
        );
        instruments.CreateObservableCounter(
            "proxy.http.io",
            ObserveBytes,
            "By",
            "Bytes of bodies relayed; receive is from clients, transmit to them."
        );
    }

    /// <summary>Counts a request that begins.</summary>
    /// <param name="routeId">The id of the route; null if none takes it.</param>
    /// <param name="clusterId">The id of the cluster; null for none.</param>
    public void Started(string? routeId, string? clusterId) => Totals(routeId, clusterId).Started();

    /// <summary>Counts bytes of bodies, of a request that is under way.</summary>
    /// <param name="routeId">The id of the route with which it began.</param>
    /// <param name="clusterId">The id of the cluster with which it began.</param>
    /// <param name="received">The bytes from the client since the last call.</param>
    /// <param name="sent">The bytes to the client since the last call.</param>
    public void Transferred(string? routeId, string? clusterId, long received, long sent) =>
        Totals(routeId, clusterId).Transferred(received, sent);

    /// <summary>Counts a request that has ended; its bytes were counted by <see cref="Transferred"/>.</summary>
    /// <param name="request">The record, with the route and cluster with which it began.</param>
    public void Ended(RequestRecord request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Totals(request.RouteId, request.ClusterId).Ended(request);
        _recent.Ended(request);
        _duration.Record(
            request.Duration.TotalSeconds,
            new("proxy.route_id", request.RouteId ?? ""),
            new("proxy.cluster_id", request.ClusterId ?? "")
        );
    }

    /// <summary>The requests of each route since the start, including those under way.</summary>
    /// <returns>One entry per route and cluster that had a request; a route whose cluster was edited has several.</returns>
    public IReadOnlyList<RequestTraffic> Traffic() =>
        [.. _totals.Select(static pair => new RequestTraffic(pair.Key.Route, pair.Key.Cluster, pair.Value.Read()))];

    /// <summary>Sets the configured routes, and removes the sums of those that were removed long ago.</summary>
    internal void Configure(IEnumerable<string> routes)
    {
        lock (_routes)
        {
            _routes.Set(routes);
            foreach (var ((route, cluster), totals) in _totals)
            {
                // A request that is still under way, such as a WebSocket, ends in the sums in which it began.
                if (route.Length > 0 && !_routes.Contains(route) && totals.Read().Open == 0)
                {
                    _totals.TryRemove((route, cluster), out _);
                }
            }
        }
    }

    private RequestTotals Totals(string? routeId, string? clusterId) =>
        _totals.GetOrAdd((routeId ?? "", clusterId ?? ""), static _ => new RequestTotals());

    private IEnumerable<Measurement<long>> Observe(Func<RequestSums, long> value) =>
        Traffic()
            .Select(one => new Measurement<long>(
                value(one.Sums),
                new("proxy.route_id", one.RouteId),
                new("proxy.cluster_id", one.ClusterId)
            ));

    private IEnumerable<Measurement<long>> ObserveStatuses() =>
        from one in Traffic()
        from status in one.Sums.Statuses.Keys.Union(_always)
        select new Measurement<long>(
            one.Sums.Statuses.GetValueOrDefault(status),
            new("proxy.route_id", one.RouteId),
            new("proxy.cluster_id", one.ClusterId),
            new("proxy.status_class", status)
        );

    private IEnumerable<Measurement<long>> ObserveBytes() =>
        from one in Traffic()
        from direction in (IEnumerable<(string Name, long Bytes)>)[("receive", one.Sums.BytesIn), ("transmit", one.Sums.BytesOut)]
        select new Measurement<long>(
            direction.Bytes,
            new("proxy.route_id", one.RouteId),
            new("proxy.cluster_id", one.ClusterId),
            new("network.io.direction", direction.Name)
        );
}
