using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Routes;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Yarp.ReverseProxy;

namespace Proxy.Routes;

/// <summary>What routes are configured with, as the handlers of connections take it.</summary>
internal static class RouteSettings
{
    /// <summary>Where a route's clients are taken.</summary>
    public static Func<ConnectionRecord, ClusterEndPoint> Target(TcpRouteConfig route, Revision revision, IProxyStateLookup clusters)
    {
        var cluster = new ClusterReference(route.ClusterId!, clusters);
        var settings = revision.Config.ReverseProxy.Clusters[route.ClusterId!];
        return client => new ClusterEndPoint(cluster, settings, client);
    }

    public static ForwardOptions Forward(TcpRouteConfig route) => new(Relay(route), KeepAlive(route));

    public static RelayOptions Relay(TcpRouteConfig route) =>
        new()
        {
            IdleTimeout = route.IdleTimeout,
            HalfCloseTimeout = route.HalfCloseTimeout,
            MaxDuration = route.MaxDuration,
        };

    public static KeepAlive KeepAlive(TcpRouteConfig route) => new(route.KeepAlive.Idle, route.KeepAlive.Interval, route.KeepAlive.Probes);
}
