using Proxy.Configuration.Clusters;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>All destinations of a cluster with their weights. Equal as long as none of them has changed.</summary>
/// <param name="States">YARP's states, a list that YARP replaces at each change.</param>
/// <param name="Settings">The weights; null if all are equal.</param>
internal readonly record struct DestinationWeights(IReadOnlyList<DestinationState> States, ClusterSection? Settings)
{
    /// <summary>The weight of a destination.</summary>
    public int Of(DestinationState state) => ServedDestination.Of(Settings, state.DestinationId, state.Model?.Config.Metadata).Weight;
}
