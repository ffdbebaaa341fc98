using Proxy.Configuration.Reading;
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
    public DialTarget(ClusterState cluster, DestinationState destination, int? portOffset = null)
        : this(cluster.ClusterId, destination.DestinationId, AddressOf(destination, portOffset), cluster, destination) { }

    /// <summary>The address to dial at a destination.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="portOffset">The place of the port in its range of ports; null if it has no range.</param>
    public static string AddressOf(DestinationState destination, int? portOffset) =>
        destination.Model.Config.Address is var address && portOffset is { } offset ? DestinationAddress.At(address, offset) : address;
}
