using Proxy.Configuration.Clusters;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>Checks routes and clusters that name a connector.</summary>
internal static class ConnectorValidator
{
    /// <param name="config">The section with routes and clusters.</param>
    /// <param name="called">The connectors that a channel of this instance calls.</param>
    /// <param name="problems">Receives the problems.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public static void Check(
        ReverseProxyConfig config,
        IEnumerable<string> called,
        ProblemList problems,
        CancellationToken cancellationToken
    )
    {
        var known = called.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, route) in config.TcpRoutes.Where(static pair => pair.Value.Connector is not null))
        {
            cancellationToken.ThrowIfCancellationRequested();
            CheckRoute(route, $"ReverseProxy:TcpRoutes:{id}", known, problems);
        }

        var tcp = config.TcpRoutes.Values.ToLookup(static route => route.ClusterId ?? "", StringComparer.OrdinalIgnoreCase);
        var http = config.UsedClusters().Http;
        foreach (var (id, cluster) in config.Clusters.Where(static pair => pair.Value.Connector is not null))
        {
            cancellationToken.ThrowIfCancellationRequested();
            CheckCluster(id, cluster, [.. tcp[id]], http.Contains(id), known, problems);
        }
    }

    private static void CheckRoute(TcpRouteConfig route, string path, HashSet<string> called, ProblemList problems)
    {
        if (route.Mode == TcpMode.Http)
        {
            return; // checked by HttpModeValidator
        }

        CheckConnector(route.Connector!, $"{path}:Connector", called, problems);
        if (route.ClusterId is not null)
        {
            problems.Consequence($"{path}:Connector", "cannot be combined with ClusterId; keep one of them.");
        }
        else if (route.Mode != TcpMode.Forward)
        {
            problems.Consequence($"{path}:Connector", $"is not available yet with Mode {route.Mode}; use Mode Forward.", $"{path}:Mode");
        }
    }

    private static void CheckCluster(
        string id,
        ClusterSection cluster,
        List<TcpRouteConfig> tcp,
        bool hasHttp,
        HashSet<string> called,
        ProblemList problems
    )
    {
        var path = $"ReverseProxy:Clusters:{id}:Connector";
        CheckConnector(cluster.Connector!, path, called, problems);
        if (cluster.Destinations.Count > 0)
        {
            problems.Consequence(path, "cannot be combined with Destinations; keep one of them.");
        }

        if (hasHttp && tcp.Count > 0)
        {
            problems.Consequence(path, "is for HTTP routes or for TCP routes, and both use this cluster; make it two clusters.");
        }
        else if (tcp.Find(static route => route.Mode != TcpMode.Forward) is { } other)
        {
            problems.Consequence(path, $"is not available yet with Mode {other.Mode}; use Mode Forward.");
        }
    }

    private static void CheckConnector(string connector, string path, HashSet<string> called, ProblemList problems)
    {
        if (!called.Contains(connector))
        {
            problems.Consequence(
                path,
                $"no channel here calls a connector '{ScalarReader.Shorten(connector)}'; known connectors: {DidYouMean.List(called)}."
            );
        }
    }
}
