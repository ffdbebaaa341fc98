using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters;

/// <summary>A destination to dial.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="Address">Its address.</param>
/// <param name="Cluster">YARP's state of the cluster; null if it was removed from the configuration.</param>
/// <param name="Destination">YARP's state of the destination; null if it was removed from the configuration.</param>
internal readonly record struct DialTarget(
    string ClusterId,
    string DestinationId,
    string Address,
    ClusterState? Cluster,
    DestinationState? Destination
)
{
    public DialTarget(ClusterState cluster, DestinationState destination)
        : this(cluster.ClusterId, destination.DestinationId, destination.Model.Config.Address, cluster, destination) { }
}
