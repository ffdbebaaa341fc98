using Proxy.Configuration.Clusters;
using Proxy.Configuration.Endpoints;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>Endpoints, routes and clusters by id; ids ignore case.</summary>
public sealed record ReverseProxyConfig
{
    /// <summary>The addresses on which TCP connections are accepted; optional, since a route may have a Listen of its own.</summary>
    public IReadOnlyDictionary<string, TcpEndpointConfig> TcpEndpoints
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<TcpEndpointConfig>();

    /// <summary>The routes of TCP connections.</summary>
    public IReadOnlyDictionary<string, TcpRouteConfig> TcpRoutes
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<TcpRouteConfig>();

    /// <summary>YARP's HTTP routes.</summary>
    public IReadOnlyDictionary<string, HttpRouteSection> Routes
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<HttpRouteSection>();

    /// <summary>Groups of equal destinations, for HTTP and TCP routes.</summary>
    public IReadOnlyDictionary<string, ClusterSection> Clusters
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<ClusterSection>();

    /// <summary>The clusters that the routes use, whether they are configured or not.</summary>
    internal UsedClusters UsedClusters() =>
        new(
            Routes.Values.Select(static route => route.ClusterId).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase),
            TcpRoutes
                .Values.Select(static route => route.ClusterId)
                .Concat(
                    TcpRoutes
                        .Values.SelectMany(static route => route.Multiplex?.Modbus?.Units.Values ?? [])
                        .Select(static unit => unit.ClusterId)
                )
                .OfType<string>()
                .ToHashSet(StringComparer.OrdinalIgnoreCase)
        );
}
