using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Hooks;
using Proxy.Limits;
using Proxy.Locking;
using Proxy.Routing;
using Yarp.ReverseProxy;

namespace Proxy;

/// <summary>Compiles a revision into one connection pipeline per route and per address.</summary>
internal sealed class PipelineBuilder(
    TrackingMiddleware tracking,
    UpstreamDialer dialer,
    IProxyStateLookup clusters,
    Relay relay,
    LockRegistry locks,
    HookListFactory hooks,
    Random random
)
{
    private readonly ConcurrentDictionary<string, ConnectionLimit> _limits = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The pipeline of each route, without tracking. From here on its locks follow this revision.</summary>
    public Dictionary<string, ConnectionDelegate> BuildRoutes(Revision revision)
    {
        var routes = revision.Config.ReverseProxy.TcpRoutes;
        locks.Retain([.. routes.Where(static pair => pair.Value.Mode == TcpMode.Lock).Select(static pair => pair.Key)]);
        return routes.ToDictionary(
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
        var slot = RevisionPipelines.Key(binding);
        var limit = _limits.GetOrAdd(binding.EndpointId, static _ => new ConnectionLimit());
        return connection => tracking.OnConnectionAsync(connection, binding.EndpointId, slot, LimitAsync);

        Task LimitAsync(ConnectionContext connection) => limit.OnConnectionAsync(connection, binding.MaxConnections, routing);
    }

    private ConnectionDelegate BuildRoute(string id, TcpRouteConfig route, Revision revision)
    {
        var settings = Settings(route, revision);
        var handler = new ForwardHandler(settings, dialer, relay, random);
        ConnectionDelegate mode =
            route.Mode == TcpMode.Lock
                ? locks.Use(id, (route.Lock ?? new()).Scope.ToString(), Lock(route.Lock ?? new(), settings, handler)).OnConnectionAsync
                : handler.OnConnectedAsync;
        return connection =>
        {
            var record = ConnectionRecord.Of(connection);
            record.RouteId = id;
            record.AccessLog = route.AccessLog;
            return mode(connection);
        };
    }

    private LockSettings Lock(LockConfig config, ForwardSettings forward, ForwardHandler handler) =>
        new()
        {
            Permits = config.Permits,
            QueueLimit = config.QueueLimit,
            QueueTimeout = config.QueueTimeout,
            MaxHold = config.MaxHold,
            ReleaseDelay = config.ReleaseDelay,
            DropQueued = config.DropQueued,
            ProceedsOnHookFailure = config.OnHookFailure == HookFailureAction.Proceed,
            OnActivate = hooks.Create(config.OnActivate),
            OnTimeout = hooks.Create(config.OnTimeout),
            OnRelease = hooks.Create(config.OnRelease),
            Service = new LockedCluster(forward, handler, dialer),
        };

    private ForwardSettings Settings(TcpRouteConfig route, Revision revision)
    {
        var cluster = revision.Config.ReverseProxy.Clusters[route.ClusterId!];
        var relay = new RelayOptions
        {
            IdleTimeout = route.IdleTimeout,
            HalfCloseTimeout = route.HalfCloseTimeout,
            MaxDuration = route.MaxDuration,
        };
        var keepAlive = new KeepAlive(route.KeepAlive.Idle, route.KeepAlive.Interval, route.KeepAlive.Probes);
        return new(new(route.ClusterId!, clusters), Settings(cluster), relay, keepAlive);
    }

    private static ClusterSettings Settings(ClusterSection cluster) =>
        new()
        {
            LoadBalancingPolicy = cluster.LoadBalancingPolicy,
            ConnectTimeout = cluster.Tcp.ConnectTimeout,
            ConnectAttempts = cluster.Tcp.ConnectAttempts,
            MaxConnectionsPerDestination = cluster.Tcp.MaxConnectionsPerDestination,
            DnsRefresh = cluster.Tcp.DnsRefresh,
            Destinations = cluster.Destinations.ToDictionary(
                static pair => pair.Key,
                static pair => new DestinationSettings(pair.Value.Weight, pair.Value.Backup),
                StringComparer.OrdinalIgnoreCase
            ),
        };

    private static List<IPNetwork> Networks(TcpRouteConfig route) => [.. (route.Match?.SourceNetworks ?? []).Select(IPNetwork.Parse)];
}
