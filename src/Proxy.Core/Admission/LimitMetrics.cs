using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Admission;

/// <summary>The metrics of limits.</summary>
internal sealed class LimitMetrics
{
    private readonly Limiters _limiters;

    public LimitMetrics(ProxyMeter meter, Limiters limiters)
    {
        _limiters = limiters;
        var instruments = meter.Instruments;
        instruments.CreateObservableCounter(
            "proxy.limits.reached",
            ObserveRoutes,
            "{connection}",
            "Connections that a limit of a route has refused or slowed down, or would have with DryRun."
        );
        instruments.CreateObservableCounter(
            "proxy.endpoint.refused",
            ObserveEndpoints,
            "{connection}",
            "Connections that a limit of an endpoint has refused."
        );
        instruments.CreateObservableUpDownCounter(
            "proxy.limits.sources",
            ObserveSources,
            "{source}",
            "Sources of clients that the limits of a route tell apart."
        );
    }

    private IEnumerable<Measurement<long>> ObserveRoutes() =>
        from limiter in _limiters.Routes
        from reached in limiter.Reached
        select new Measurement<long>(
            reached.Count,
            new("proxy.route_id", limiter.RouteId),
            new("proxy.limit", reached.Limit),
            new("proxy.dry_run", reached.IsDryRun)
        );

    private IEnumerable<Measurement<long>> ObserveEndpoints() =>
        from gate in _limiters.Endpoints
        from reached in gate.Reached
        select new Measurement<long>(reached.Count, new("proxy.endpoint_id", gate.EndpointId), new("proxy.limit", reached.Limit));

    private IEnumerable<Measurement<int>> ObserveSources() =>
        from limiter in _limiters.Routes
        let sources = limiter.Sources
        where sources is not null
        select new Measurement<int>(sources.Value, new KeyValuePair<string, object?>("proxy.route_id", limiter.RouteId));
}
