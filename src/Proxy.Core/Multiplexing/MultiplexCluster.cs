using Proxy.Clusters;

namespace Proxy.Multiplexing;

/// <summary>A multiplexed cluster of a revision.</summary>
/// <param name="Reference">The reference to the cluster.</param>
/// <param name="Settings">How its destinations are used.</param>
/// <param name="Destinations">The addresses of its destinations, by id.</param>
internal sealed record MultiplexCluster(
    ClusterReference Reference,
    UpstreamSettings Settings,
    IReadOnlyDictionary<string, string> Destinations
)
{
    public string Id => Reference.Id;
}
