namespace Proxy.Configuration;

/// <summary>TCP endpoints and routes beside YARP's routes and clusters.</summary>
public sealed record ReverseProxyConfig
{
    /// <summary>Where we listen, by id.</summary>
    public IReadOnlyDictionary<string, TcpEndpointConfig> TcpEndpoints
    {
        get;
        init => field = Ids.Of(value);
    } = Ids.None<TcpEndpointConfig>();

    /// <summary>What is done with TCP connections, by id.</summary>
    public IReadOnlyDictionary<string, TcpRouteConfig> TcpRoutes
    {
        get;
        init => field = Ids.Of(value);
    } = Ids.None<TcpRouteConfig>();

    /// <summary>YARP's routes, by id.</summary>
    public IReadOnlyDictionary<string, HttpRouteSection> Routes
    {
        get;
        init => field = Ids.Of(value);
    } = Ids.None<HttpRouteSection>();

    /// <summary>Clusters of HTTP and TCP routes, by id.</summary>
    public IReadOnlyDictionary<string, ClusterSection> Clusters
    {
        get;
        init => field = Ids.Of(value);
    } = Ids.None<ClusterSection>();
}
