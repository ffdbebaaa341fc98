using Proxy.Configuration.Clusters;
using Proxy.Configuration.Locking;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>Checks routes with Mode Lock. Nothing else may connect to the service behind a lock, since no permit would count it.</summary>
internal static class LockRouteValidator
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1); // a silent holder is not worth a warning up to this

    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void Check(ReverseProxyConfig config, ConfigNames names, ProblemList problems, CancellationToken cancellationToken)
    {
        var users = new Users(
            ByCluster(config.TcpRoutes.Select(static route => (route.Key, route.Value.ClusterId))),
            ByCluster(config.Routes.Select(static route => (route.Key, route.Value.ClusterId)))
        );
        foreach (var (id, route) in config.TcpRoutes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = $"ReverseProxy:TcpRoutes:{id}";
            if (route.Mode != TcpMode.Lock)
            {
                if (route.Lock is not null)
                {
                    problems.Consequence($"{path}:Lock", $"is for routes with Mode Lock; this one has Mode {route.Mode}.", $"{path}:Mode");
                }

                continue;
            }

            LockValidator.Check(route.Lock ?? new LockConfig(), $"{path}:Lock", names, problems);
            WarnAboutBlocking(route, path, problems);
            CheckCluster(id, route, path, config, users, problems);
        }
    }

    private static void WarnAboutBlocking(TcpRouteConfig route, string path, ProblemList problems)
    {
        if ((route.Lock ?? new()).MaxHold < TimeSpan.Zero && (route.IdleTimeout < TimeSpan.Zero || route.IdleTimeout > _patience))
        {
            var idle = route.IdleTimeout < TimeSpan.Zero ? "without limit" : $"for {route.IdleTimeout:c}";
            problems.Warn(
                $"{path}:Lock:MaxHold",
                $"a client that stays connected and says nothing keeps its permit {idle}, and the others wait; set MaxHold, or an IdleTimeout of at most {_patience:c}."
            );
        }
    }

    // A client with a permit would find no place at the destination, and the pause after that failure would delay all clients.
    private static void CheckPlaces(LockConfig config, string path, string clusterId, ClusterSection cluster, ProblemList problems)
    {
        var most = cluster.Destinations.Values.Sum(one =>
            (long?)(one.MaxConnections ?? cluster.Tcp.MaxConnectionsPerDestination) ?? int.MaxValue
        );
        if (
            cluster.Destinations.Count > 0
            && most < config.Permits
            && !cluster.Destinations.Values.Any(static one => SrvAddress.Is(one.Address))
        )
        {
            problems.Consequence(
                $"{path}:Permits",
                $"{config.Permits} clients at once, but the destinations of cluster '{clusterId}' take {most} "
                    + "by its Tcp:MaxConnectionsPerDestination; lower Permits, or raise that.",
                $"ReverseProxy:Clusters:{clusterId}:Tcp:MaxConnectionsPerDestination"
            );
        }
    }

    // A client of another route would exceed the number of permits.
    private static void CheckCluster(
        string id,
        TcpRouteConfig route,
        string path,
        ReverseProxyConfig config,
        Users users,
        ProblemList problems
    )
    {
        var clusterId = route.ClusterId ?? "";
        if (users.Other(id, clusterId) is { } other)
        {
            problems.Consequence(
                $"{path}:ClusterId",
                $"cluster '{clusterId}' is used by route '{other}' too, whose connections no permit would count; give the lock a cluster of its own."
            );
        }

        if (!config.Clusters.TryGetValue(clusterId, out var cluster))
        {
            return;
        }

        CheckPlaces(route.Lock ?? new LockConfig(), $"{path}:Lock", clusterId, cluster, problems);
        if (cluster.HealthCheck?.Active?.Enabled == true)
        {
            problems.Consequence(
                $"ReverseProxy:Clusters:{clusterId}:HealthCheck:Active:Enabled",
                $"route '{id}' is a lock, and a probe would be a connection that no permit counts; use HealthCheck:Passive."
            );
        }
    }

    private static ILookup<string, string> ByCluster(IEnumerable<(string RouteId, string? ClusterId)> routes) =>
        routes
            .Where(static route => !string.IsNullOrEmpty(route.ClusterId))
            .ToLookup(static route => route.ClusterId!, static route => route.RouteId, StringComparer.OrdinalIgnoreCase);

    // The routes of each cluster, found once and not for each lock.
    private sealed record Users(ILookup<string, string> Tcp, ILookup<string, string> Http)
    {
        public string? Other(string routeId, string clusterId) =>
            Tcp[clusterId].FirstOrDefault(other => !other.Equals(routeId, StringComparison.OrdinalIgnoreCase))
            ?? Http[clusterId].FirstOrDefault();
    }
}
