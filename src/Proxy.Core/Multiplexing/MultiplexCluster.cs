using Proxy.Clusters;

namespace Proxy.Multiplexing;

/// <summary>A cluster of a revision that is multiplexed.</summary>
/// <param name="Reference">The cluster.</param>
/// <param name="Settings">What is done with its destinations.</param>
/// <param name="Destinations">Their addresses by id.</param>
internal sealed record MultiplexCluster(
    ClusterReference Reference,
    UpstreamSettings Settings,
    IReadOnlyDictionary<string, string> Destinations
)
{
    public string Id => Reference.Id;
}
