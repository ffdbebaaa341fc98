using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Limits;
using Proxy.Routing;
using Yarp.ReverseProxy;

namespace Proxy;

/// <summary>Compiles a revision into one connection pipeline per route and per address.</summary>
internal sealed class PipelineBuilder(
    TrackingMiddleware tracking,
    Dialer dialer,
    IProxyStateLookup clusters,
    ForwardServices forwarding,
    LockRouteFactory locks,
    MultiplexRouteFactory multiplexing,
    ChannelRunner channels,
    Random random
)
{
    private readonly ConcurrentDictionary<string, ConnectionLimit> _limits = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The pipeline of each route, without tracking. From here on its locks and multiplexers follow this revision.</summary>
    public Dictionary<string, ConnectionDelegate> BuildRoutes(Revision revision)
    {
        locks.Use(revision);
        multiplexing.Use(revision);
        return revision.Config.ReverseProxy.TcpRoutes.ToDictionary(
            static pair => pair.Key,
            pair => BuildRoute(pair.Key, pair.Value, revision),
            StringComparer.OrdinalIgnoreCase
        );
    }

    /// <summary>The pipeline of an address.</summary>
    public ConnectionDelegate BuildEndpoint(
        EndpointBinding binding,
        Revision revision,
        IReadOnlyDictionary<string, ConnectionDelegate> routes
    )
    {
        var ordered = binding.RouteIds.Select(id => new Route(id, Networks(revision.Config.ReverseProxy.TcpRoutes[id]), routes[id]));
        ConnectionDelegate routing = new RoutingMiddleware([.. ordered]).OnConnectionAsync;
        var slot = binding.Slot;
        var limit = _limits.GetOrAdd(binding.EndpointId, static _ => new ConnectionLimit());
        return connection => tracking.OnConnectionAsync(connection, binding.EndpointId, slot, LimitAsync);

        Task LimitAsync(ConnectionContext connection) => limit.OnConnectionAsync(connection, binding.MaxConnections, routing);
    }

    private ConnectionDelegate BuildRoute(string id, TcpRouteConfig route, Revision revision)
    {
        var mode = route.Connector is { } connector ? BuildConnector(route, connector) : BuildMode(id, route, revision);
        return connection =>
        {
            tracking.Routed(ConnectionRecord.Of(connection), id, route.AccessLog);
            return mode(connection);
        };
    }

    private ConnectionDelegate BuildConnector(TcpRouteConfig route, string connector) =>
        client => channels.RouteAsync(client, connector, RelayOptionsOf(route).Jittered(random), KeepAliveOf(route));

    private ConnectionDelegate BuildMode(string id, TcpRouteConfig route, Revision revision) =>
        route.Mode switch
        {
            TcpMode.Multiplex => multiplexing.Create(route, revision).OnConnectedAsync,
            TcpMode.Lock => locks.Create(id, route, Target(route, revision), OptionsOf(route)).OnConnectionAsync,
            _ => Forward(route, Target(route, revision)),
        };

    private ConnectionDelegate Forward(TcpRouteConfig route, Func<ConnectionRecord, ClusterEndPoint> target) =>
        new ForwardHandler(dialer, client => target(ConnectionRecord.Of(client)), OptionsOf(route), forwarding).OnConnectedAsync;

    private Func<ConnectionRecord, ClusterEndPoint> Target(TcpRouteConfig route, Revision revision)
    {
        var cluster = new ClusterReference(route.ClusterId!, clusters);
        var settings = revision.Config.ReverseProxy.Clusters[route.ClusterId!];
        return client => new ClusterEndPoint(cluster, settings, client);
    }

    private static ForwardOptions OptionsOf(TcpRouteConfig route) => new(RelayOptionsOf(route), KeepAliveOf(route));

    internal static RelayOptions RelayOptionsOf(TcpRouteConfig route) =>
        new()
        {
            IdleTimeout = route.IdleTimeout,
            HalfCloseTimeout = route.HalfCloseTimeout,
            MaxDuration = route.MaxDuration,
        };

    internal static KeepAlive KeepAliveOf(TcpRouteConfig route) =>
        new(route.KeepAlive.Idle, route.KeepAlive.Interval, route.KeepAlive.Probes);

    private static List<IPNetwork> Networks(TcpRouteConfig route) => [.. (route.Match?.SourceNetworks ?? []).Select(IPNetwork.Parse)];
}
