using Proxy.Admission;
using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Yarp.ReverseProxy;

namespace Proxy.Routes;

/// <summary>Converts the configuration of routes to the settings of handlers.</summary>
internal static class RouteSettings
{
    /// <summary>Returns a function that creates the target of a route's clients.</summary>
    public static Func<ConnectionRecord, ClusterEndPoint> Target(TcpRouteConfig route, Revision revision, IProxyStateLookup clusters)
    {
        var cluster = new ClusterReference(route.ClusterId!, clusters);
        var settings = revision.Config.ReverseProxy.Clusters[route.ClusterId!];
        var hasRanges = settings.Destinations.Values.Any(static one =>
            DestinationAddress.TryParseRange(one.Address, out var address, out _) && address.PortCount > 1
        );
        return client => new ClusterEndPoint(cluster, settings, client) { PortOffset = hasRanges ? client.PortOffset : null };
    }

    public static ForwardOptions Forward(TcpRouteConfig route, RouteLimiter limiter) =>
        new(Relay(route) with { Bandwidth = limiter.Bandwidth }, KeepAlive(route));

    public static RelayOptions Relay(TcpRouteConfig route) =>
        new()
        {
            IdleTimeout = route.IdleTimeout,
            HalfCloseTimeout = route.HalfCloseTimeout,
            MaxDuration = route.MaxDuration,
        };

    public static KeepAlive KeepAlive(TcpRouteConfig route) => new(route.KeepAlive.Idle, route.KeepAlive.Interval, route.KeepAlive.Probes);
}
