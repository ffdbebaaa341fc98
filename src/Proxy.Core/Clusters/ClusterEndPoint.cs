using System.Net;
using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration.Clusters;
using Proxy.Diagnostics;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters;

/// <summary>What the <see cref="Dialer"/> connects a client to: a destination of a cluster. Disposing it gives back the place that was taken there.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="settings">How it is dialed and how its destinations share the load.</param>
/// <param name="client">Its destination becomes the one that is dialed.</param>
internal sealed class ClusterEndPoint(ClusterReference cluster, ClusterSection settings, ConnectionRecord client) : EndPoint, IDisposable
{
    private DestinationLoad? _place;

    /// <summary>The cluster.</summary>
    public ClusterReference Cluster => cluster;

    /// <summary>How it is dialed.</summary>
    public ClusterSection Settings => settings;

    /// <summary>The client.</summary>
    public ConnectionRecord Client => client;

    /// <summary>The only destination that will do; null for whichever answers.</summary>
    public DestinationState? Picked { get; set; }

    /// <summary>Keeps a place at a destination, which was taken for the client, instead of the one before.</summary>
    /// <param name="place">The place; null for none.</param>
    public void Keep(DestinationLoad? place) => Interlocked.Exchange(ref _place, place)?.Release();

    /// <summary>Gives the place back.</summary>
    public void Dispose() => Keep(null);

    /// <inheritdoc />
    public override string ToString() => $"cluster {cluster.Id}";
}
