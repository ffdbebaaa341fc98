using Proxy.Engine;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>
/// The destinations that get no new connections, by id. Those drained here stay so across edits until they are removed; those that all hosts of the fleet
/// drain stay so until the fleet says otherwise, also before there is such a destination.
/// </summary>
internal sealed class DrainedDestinations : IClusterChangeListener
{
    private readonly Lock _gate = new(); // guards _byCluster
    private readonly Dictionary<string, HashSet<string>> _byCluster = new(StringComparer.OrdinalIgnoreCase);
    private volatile IReadOnlyDictionary<DrainTarget, DrainOrder> _forAll = new Dictionary<DrainTarget, DrainOrder>();

    public bool Contains(string clusterId, string destinationId) =>
        IsHere(clusterId, destinationId) || ForAll(clusterId, destinationId) is not null;

    /// <summary>Whether an operator drains it at this host.</summary>
    public bool IsHere(string clusterId, string destinationId)
    {
        lock (_gate)
        {
            return _byCluster.TryGetValue(clusterId, out var drained) && drained.Contains(destinationId);
        }
    }

    /// <summary>The operator that has all hosts drain it; null if it is not drained at all hosts.</summary>
    public DrainOrder? ForAll(string clusterId, string destinationId) => _forAll.GetValueOrDefault(new(clusterId, destinationId));

    /// <summary>Replaces what all hosts drain.</summary>
    /// <returns>The clusters of destinations that are drained now and were not, or the reverse.</returns>
    public IReadOnlyList<string> SetForAll(IReadOnlyDictionary<DrainTarget, DrainOrder> drains)
    {
        var before = _forAll;
        _forAll = drains;
        return
        [
            .. before
                .Keys.Where(target => !drains.ContainsKey(target))
                .Concat(drains.Keys.Where(target => !before.ContainsKey(target)))
                .Select(static target => target.ClusterId)
                .OfType<string>()
                .Distinct(StringComparer.OrdinalIgnoreCase),
        ];
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
    public IReadOnlyList<DestinationState> Without(string clusterId, IReadOnlyList<DestinationState> all) =>
        all.Any(destination => Contains(clusterId, destination.DestinationId))
            ? [.. all.Where(destination => !Contains(clusterId, destination.DestinationId))]
            : all;

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
