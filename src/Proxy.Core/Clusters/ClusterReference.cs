using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters;

/// <summary>
/// A cluster of YARP, by id. While an edit is applied YARP drops clusters before pipelines are swapped; connections that come
/// in between use the one the pipeline was built with.
/// </summary>
internal sealed class ClusterReference(string id, IProxyStateLookup clusters)
{
    private ClusterState? _last = clusters.TryGetCluster(id, out var cluster) ? cluster : null;

    /// <summary>The cluster's id.</summary>
    public string Id => id;

    /// <summary>The cluster; null when YARP has never had it.</summary>
    /// <returns>The newest state there is.</returns>
    public ClusterState? Find()
    {
        if (clusters.TryGetCluster(id, out var cluster))
        {
            _last = cluster;
        }

        return _last;
    }
}
