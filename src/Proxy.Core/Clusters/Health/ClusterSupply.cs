using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>Since when a cluster has had no destination for clients, which YARP does not keep. It lives as long as YARP's state of the cluster.</summary>
internal sealed class ClusterSupply
{
    private static readonly ConditionalWeakTable<ClusterState, ClusterSupply> _all = [];
    private readonly Lock _gate = new(); // guards NoneSince

    /// <summary>Since when no destination has been available; null if one is.</summary>
    public DateTimeOffset? NoneSince
    {
        get
        {
            lock (_gate)
            {
                return field;
            }
        }
        private set;
    }

    /// <summary>The supply of a cluster, always the same object for the same state.</summary>
    public static ClusterSupply Of(ClusterState cluster) => _all.GetValue(cluster, static _ => new ClusterSupply());

    /// <summary>Follows a change of the destinations or of their health.</summary>
    public void Follow(ClusterState cluster, TimeProvider time)
    {
        lock (_gate)
        {
            NoneSince = cluster.DestinationsState.AvailableDestinations.Count > 0 ? null : NoneSince ?? time.GetUtcNow();
        }
    }
}
