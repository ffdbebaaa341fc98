using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters;

/// <summary>
/// A reference to YARP's state of a cluster, by id. While an edit is applied, YARP removes clusters before pipelines are swapped;
/// connections in between use the last known state.
/// </summary>
internal sealed class ClusterReference(string id, IProxyStateLookup clusters)
{
    private ClusterState? _last = clusters.TryGetCluster(id, out var cluster) ? cluster : null;

    /// <summary>The cluster's id.</summary>
    public string Id => id;

    /// <summary>Looks the cluster up; null if YARP has never had it.</summary>
    /// <returns>The newest known state.</returns>
    public ClusterState? Find()
    {
        if (clusters.TryGetCluster(id, out var cluster))
        {
            _last = cluster;
        }

        return _last;
    }
}
