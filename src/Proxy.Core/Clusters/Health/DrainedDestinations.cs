using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>The destinations that get no new connections, by id. They stay drained across edits until they are removed.</summary>
internal sealed class DrainedDestinations : IClusterChangeListener
{
    private readonly Lock _gate = new(); // guards _byCluster
    private readonly Dictionary<string, HashSet<string>> _byCluster = new(StringComparer.OrdinalIgnoreCase);

    public bool Contains(string clusterId, string destinationId)
    {
        lock (_gate)
        {
            return _byCluster.TryGetValue(clusterId, out var drained) && drained.Contains(destinationId);
        }
    }

    public void Add(string clusterId, string destinationId)
    {
        lock (_gate)
        {
            if (!_byCluster.TryGetValue(clusterId, out var drained))
            {
                _byCluster.Add(clusterId, drained = new(StringComparer.OrdinalIgnoreCase));
            }

            drained.Add(destinationId);
        }
    }

    public void Remove(string clusterId, string destinationId) =>
        RemoveWhere(clusterId, id => id.Equals(destinationId, StringComparison.OrdinalIgnoreCase));

    /// <summary>The destinations of a cluster without the drained ones.</summary>
    public IReadOnlyList<DestinationState> Without(string clusterId, IReadOnlyList<DestinationState> all)
    {
        lock (_gate)
        {
            return _byCluster.TryGetValue(clusterId, out var drained)
                ? [.. all.Where(destination => !drained.Contains(destination.DestinationId))]
                : all;
        }
    }

    /// <inheritdoc />
    public void OnClusterAdded(ClusterState cluster) { }

    /// <inheritdoc />
    public void OnClusterChanged(ClusterState cluster) => RemoveWhere(cluster.ClusterId, id => !cluster.Destinations.ContainsKey(id));

    /// <inheritdoc />
    public void OnClusterRemoved(ClusterState cluster) => RemoveWhere(cluster.ClusterId, static _ => true);

    private void RemoveWhere(string clusterId, Predicate<string> gone)
    {
        lock (_gate)
        {
            if (_byCluster.TryGetValue(clusterId, out var drained) && drained.RemoveWhere(gone) > 0 && drained.Count == 0)
            {
                _byCluster.Remove(clusterId);
            }
        }
    }
}
