using Proxy.Configuration.Clusters;
using Proxy.Configuration.Endpoints;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>Endpoints, routes and clusters by id; ids ignore case.</summary>
public sealed record ReverseProxyConfig
{
    /// <summary>Where TCP is listened for; optional, since a route may say Listen instead.</summary>
    public IReadOnlyDictionary<string, TcpEndpointConfig> TcpEndpoints
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<TcpEndpointConfig>();

    /// <summary>Where TCP connections go.</summary>
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

    /// <summary>Which clusters the routes use, configured or not.</summary>
    internal ClusterUse Use() =>
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
