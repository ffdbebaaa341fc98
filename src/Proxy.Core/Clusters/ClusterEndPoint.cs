using System.Net;
using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration.Clusters;
using Proxy.Diagnostics;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters;

/// <summary>
/// A cluster as the target that <see cref="Dialer"/> connects a client to. Disposing it gives back the place taken at the destination.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="settings">How the cluster is dialed and balanced.</param>
/// <param name="client">The record of the client; the dialed destination is set in it.</param>
internal sealed class ClusterEndPoint(ClusterReference cluster, ClusterSection settings, ConnectionRecord client) : EndPoint, IDisposable
{
    private DestinationLoad? _place;

    /// <summary>The cluster.</summary>
    public ClusterReference Cluster => cluster;

    /// <summary>How the cluster is dialed and balanced.</summary>
    public ClusterSection Settings => settings;

    /// <summary>The record of the client.</summary>
    public ConnectionRecord Client => client;

    /// <summary>The place, in the destination's range of ports, of the port to dial; null if destinations have no range.</summary>
    public int? PortOffset { get; init; }

    /// <summary>The only destination to dial; null to try any.</summary>
    public DestinationState? Picked { get; set; }

    /// <summary>Holds a place that was taken at a destination for the client, and gives back the one held before.</summary>
    /// <param name="place">The place; null for none.</param>
    public void Keep(DestinationLoad? place) => Interlocked.Exchange(ref _place, place)?.Release();

    /// <summary>Gives the place back.</summary>
    public void Dispose() => Keep(null);

    /// <inheritdoc />
    public override string ToString() => $"cluster {cluster.Id}";
}
