using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Configuration;

/// <summary>Checks ids, which become parts of paths and so cannot contain the separator.</summary>
internal static class IdValidator
{
    public static void Check(ReverseProxyConfig config, ProblemList problems)
    {
        Check("TcpEndpoints", config.TcpEndpoints.Keys, problems);
        Check("TcpRoutes", config.TcpRoutes.Keys, problems);
        Check("Routes", config.Routes.Keys, problems);
        Check("Clusters", config.Clusters.Keys, problems);
        foreach (var (id, cluster) in config.Clusters)
        {
            Check($"Clusters:{id}:Destinations", cluster.Destinations.Keys, problems);
        }
    }

    private static void Check(string section, IEnumerable<string> ids, ProblemList problems)
    {
        foreach (var id in ids.Where(id => id.Contains(':', StringComparison.Ordinal)))
        {
            problems.Error($"ReverseProxy:{section}:{id}", $"the id '{id}' contains ':'; choose one without.");
        }
    }
}
