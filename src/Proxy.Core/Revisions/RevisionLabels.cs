using Proxy.Configuration;

namespace Proxy.Revisions;

/// <summary>The ids of a revision that are labels of metrics.</summary>
internal static class RevisionLabels
{
    public static IReadOnlyCollection<string> Routes(Revision revision) => [.. revision.Config.ReverseProxy.TcpRoutes.Keys];

    /// <summary>Clusters and their destinations.</summary>
    public static IEnumerable<string> Others(Revision revision) =>
        revision.Clusters.SelectMany(static cluster =>
            (cluster.Destinations?.Keys ?? []).Select(destination => $"destination {cluster.ClusterId} {destination}")
        );
}
