using Proxy.Configuration.Clusters;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Routes;

/// <summary>Checks what routes refer to.</summary>
internal static class RouteValidator
{
    private static readonly TimeSpan _shortestKeepAlive = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestKeepAlive = TimeSpan.FromSeconds(short.MaxValue);

    /// <summary>Checks the routes.</summary>
    /// <returns>The conditions of each TCP route, by its id; they are parsed here only.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Dictionary<string, RouteConditions> Check(
        ReverseProxyConfig config,
        ConfigNames names,
        ProblemList problems,
        CancellationToken cancellationToken
    )
    {
        var kinds = new Dictionary<string, ClusterKinds>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, cluster) in config.Clusters)
        {
            var tcp = cluster.Destinations.Values.Select(ClusterValidator.IsTcp).ToHashSet();
            kinds[id] = new ClusterKinds(tcp.Contains(true), tcp.Contains(false));
        }

        var conditions = new Dictionary<string, RouteConditions>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, route) in config.TcpRoutes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = $"ReverseProxy:TcpRoutes:{id}";
            var isMounted = names.KestrelRoutes.Contains(id, StringComparer.OrdinalIgnoreCase);
            CheckPlace(route, path, isMounted, problems);
            CheckEndpoints(route, path, config, problems);
            var canPeek = !isMounted || !string.IsNullOrEmpty(route.Listen) || route.Match is { Endpoints.Count: > 0 };
            conditions[id] = MatchReader.Read(route.Match, $"{path}:Match", canPeek, names, problems);
            CheckTls(route, path, problems);
            CheckKeepAlive(route.KeepAlive.Idle, $"{path}:KeepAlive:Idle", problems);
            CheckKeepAlive(route.KeepAlive.Interval, $"{path}:KeepAlive:Interval", problems);
            if (route.IdleTimeout == Timeout.InfiniteTimeSpan)
            {
                problems.Warn(
                    $"{path}:IdleTimeout",
                    "without it, connections whose peer has vanished stay open until keep-alive notices; set a duration."
                );
            }

            if (route.Connector is not null || route.Mode == TcpMode.Http)
            {
                continue; // checked by ConnectorValidator and HttpModeValidator
            }

            if (string.IsNullOrEmpty(route.ClusterId))
            {
                problems.Consequence(
                    $"{path}:ClusterId",
                    $"is required and missing; known clusters: {DidYouMean.List(config.Clusters.Keys)}."
                );
            }
            else
            {
                CheckCluster(route.ClusterId, $"{path}:ClusterId", kinds, RouteKind.Tcp, problems);
            }
        }

        TerminationValidator.Check(config.TcpRoutes, conditions, names.KestrelRoutes, problems);
        foreach (var (id, route) in config.Routes.Where(item => !string.IsNullOrEmpty(item.Value.ClusterId)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            CheckCluster(route.ClusterId ?? "", $"ReverseProxy:Routes:{id}:ClusterId", kinds, RouteKind.Http, problems);
        }

        return conditions;
    }

    private static void CheckTls(TcpRouteConfig route, string path, ProblemList problems)
    {
        if (route.Tls is { } tls)
        {
            RouteTlsValidator.Check(tls, $"{path}:Tls", problems);
        }

        if (route.Match is { ClientCertificates.Count: > 0 } && route.Tls is not { ClientCertificates: not ClientCertificateMode.None })
        {
            problems.Consequence(
                $"{path}:Match:ClientCertificates",
                "can never match, since clients are not asked for a certificate; set Tls:ClientCertificates to Required or Allow, or leave it out.",
                $"{path}:Tls"
            );
        }
    }

    // What the kernel takes.
    private static void CheckKeepAlive(TimeSpan time, string path, ProblemList problems)
    {
        if (time < _shortestKeepAlive || time > _longestKeepAlive || time.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            problems.Consequence(
                path,
                $"'{time:c}' is not possible: the system counts whole seconds; write '{_shortestKeepAlive:c}' to '{_longestKeepAlive:c}'."
            );
        }
    }

    private static void CheckPlace(TcpRouteConfig route, string path, bool mounted, ProblemList problems)
    {
        var listens = !string.IsNullOrEmpty(route.Listen);
        string[] causes = [$"{path}:Listen", $"{path}:Match"];
        var matches = route.Match is { Endpoints.Count: > 0 };
        if (listens && matches)
        {
            problems.Consequence(path, "has both Listen and Match:Endpoints; keep one of them.", causes);
        }
        else if (!listens && !matches && !mounted)
        {
            problems.Consequence(path, "has neither Listen nor Match:Endpoints; say where it listens.", causes);
        }
    }

    private static void CheckEndpoints(TcpRouteConfig route, string path, ReverseProxyConfig config, ProblemList problems)
    {
        foreach (var (index, endpoint) in (route.Match?.Endpoints ?? []).Index())
        {
            if (!config.TcpEndpoints.ContainsKey(endpoint))
            {
                problems.Error(
                    $"{path}:Match:Endpoints:{index}",
                    $"no endpoint '{endpoint}'; known endpoints: {DidYouMean.List(config.TcpEndpoints.Keys)}."
                );
            }
        }
    }

    private static void CheckCluster(
        string id,
        string path,
        Dictionary<string, ClusterKinds> clusters,
        RouteKind kind,
        ProblemList problems
    )
    {
        if (!clusters.TryGetValue(id, out var cluster))
        {
            problems.Consequence(path, $"no cluster '{id}'; known clusters: {DidYouMean.List(clusters.Keys)}.");
        }
        else if (kind == RouteKind.Http ? cluster.HasTcp : cluster.HasHttp)
        {
            problems.Consequence(
                path,
                kind == RouteKind.Http
                    ? $"cluster '{id}' has tcp:// destinations; an HTTP route needs http:// or https://, so name another cluster."
                    : $"cluster '{id}' has http:// destinations; a TCP route needs tcp:// or unix:, so name another cluster."
            );
        }
    }

    // What a cluster's destinations are, found once and not for each route that uses the cluster.
    private readonly record struct ClusterKinds(bool HasTcp, bool HasHttp);

    private enum RouteKind
    {
        Http,
        Tcp,
    }
}
