using Proxy.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Revisions;

/// <summary>Lists the ids of a revision that appear as labels of metrics.</summary>
internal static class RevisionLabels
{
    public static IReadOnlyCollection<string> Routes(Revision revision) => [.. revision.Config.ReverseProxy.TcpRoutes.Keys];

    public static IReadOnlyCollection<string> HttpRoutes(Revision revision) =>
        [.. revision.HttpRoutes.Select(static route => route.RouteId)];

    /// <summary>The ids of destinations with those of their clusters.</summary>
    /// <param name="clusters">The clusters as YARP has them, with members of connectors and servers of services.</param>
    public static IEnumerable<(string ClusterId, string DestinationId)> Destinations(IReadOnlyList<ClusterConfig> clusters) =>
        clusters.SelectMany(static cluster => (cluster.Destinations?.Keys ?? []).Select(id => (cluster.ClusterId, id)));

    /// <summary>The ids of HTTP routes, of endpoints, and of clusters and their destinations.</summary>
    public static IEnumerable<string> Others(Revision revision) =>
        revision
            .Clusters.SelectMany(static cluster =>
                (cluster.Destinations?.Keys ?? []).Select(destination => $"destination {cluster.ClusterId} {destination}")
            )
            .Concat(revision.Config.ReverseProxy.TcpEndpoints.Keys.Select(static endpoint => $"endpoint {endpoint}"))
            .Concat(revision.HttpRoutes.Select(static route => $"http route {route.RouteId}"));
}
