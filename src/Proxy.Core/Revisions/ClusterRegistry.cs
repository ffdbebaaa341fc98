using Proxy.Clusters.Health;
using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Engine;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Revisions;

/// <summary>The clusters for operators: shows their destinations, drains them and closes their connections. For TCP and HTTP.</summary>
public sealed class ClusterRegistry
{
    private readonly IProxyStateLookup _clusters;
    private readonly IClusterDestinationsUpdater _updater;
    private readonly DrainedDestinations _drained;
    private readonly ConnectionTracker _tracker;
    private readonly RequestMetrics _requests;
    private readonly RecentOutcomes _recent;
    private readonly ProxyStatus _status;

    internal ClusterRegistry(
        IProxyStateLookup clusters,
        IClusterDestinationsUpdater updater,
        DrainedDestinations drained,
        ConnectionTracker tracker,
        RequestMetrics requests,
        RecentOutcomes recent,
        ProxyStatus status
    )
    {
        _clusters = clusters;
        _updater = updater;
        _drained = drained;
        _tracker = tracker;
        _requests = requests;
        _recent = recent;
        _status = status;
    }

    /// <summary>The status of all clusters.</summary>
    /// <returns>One entry per cluster, in the order of ids.</returns>
    public IReadOnlyList<ClusterStatus> List()
    {
        var requests = Requests();
        return
        [
            .. _clusters
                .GetClusters()
                .OrderBy(static cluster => cluster.ClusterId, StringComparer.OrdinalIgnoreCase)
                .Select(cluster => Describe(cluster, requests)),
        ];
    }

    /// <summary>The status of one cluster.</summary>
    /// <param name="clusterId">The id; case is ignored.</param>
    /// <returns>The status; null if there is no such cluster.</returns>
    public ClusterStatus? Find(string clusterId) =>
        _clusters.TryGetCluster(clusterId, out var cluster) ? Describe(cluster, Requests()) : null;

    /// <summary>Adds to a cluster what its destinations were sent; this examines all open connections, so it is not part of <see cref="List"/>.</summary>
    /// <param name="found">The clusters.</param>
    /// <returns>The same clusters with the traffic of their destinations.</returns>
    public IReadOnlyList<ClusterStatus> WithTraffic(IReadOnlyList<ClusterStatus> found)
    {
        ArgumentNullException.ThrowIfNull(found);
        var open = new Dictionary<DestinationKey, (long Received, long Sent)>();
        foreach (var record in _tracker.Open)
        {
            if (record is { ClusterId: { } cluster, DestinationId: { } destination })
            {
                var key = new DestinationKey(cluster, destination);
                var (received, sent) = open.GetValueOrDefault(key);
                open[key] = (received + record.ClientBytes, sent + record.UpstreamBytes);
            }
        }

        return
        [
            .. found.Select(cluster =>
                cluster with
                {
                    Destinations = [.. cluster.Destinations.Select(one => one with { Traffic = Traffic(new(cluster.Id, one.Id)) })],
                }
            ),
        ];

        DestinationTraffic Traffic(DestinationKey key)
        {
            var ended = _recent.Find(key.ClusterId, key.DestinationId)?.Traffic ?? new(0, 0, 0, 0);
            var (received, sent) = open.GetValueOrDefault(key);
            return ended with { BytesIn = ended.BytesIn + received, BytesOut = ended.BytesOut + sent };
        }
    }

    /// <summary>
    /// Keeps new connections and requests from a destination; open ones go on. This lasts across edits, until <see cref="TryUndrain"/>, the
    /// removal of the destination, or the end of the program.
    /// </summary>
    /// <param name="clusterId">The id of the cluster.</param>
    /// <param name="destinationId">The id of the destination.</param>
    /// <returns>False if there is no such destination.</returns>
    public bool TryDrain(string clusterId, string destinationId)
    {
        if (Find(clusterId, destinationId) is not { } cluster)
        {
            return false;
        }

        _drained.Add(clusterId, destinationId);
        if (Find(clusterId, destinationId) is null)
        {
            _drained.Remove(clusterId, destinationId); // removed meanwhile; a later destination of the same name is not drained
            return false;
        }

        _updater.UpdateAllDestinations(cluster);
        return true;
    }

    /// <summary>Ends the drain of a destination at this host; one that all hosts drain stays drained.</summary>
    /// <param name="clusterId">The id of the cluster.</param>
    /// <param name="destinationId">The id of the destination.</param>
    /// <returns>False if there is no such destination.</returns>
    public bool TryUndrain(string clusterId, string destinationId)
    {
        _drained.Remove(clusterId, destinationId);
        if (Find(clusterId, destinationId) is not { } cluster)
        {
            return false;
        }

        _updater.UpdateAllDestinations(cluster);
        return true;
    }

    /// <summary>Replaces what all hosts drain: also destinations that there are not yet.</summary>
    internal void DrainForAll(IReadOnlyDictionary<DrainTarget, DrainOrder> drains)
    {
        foreach (var id in _drained.SetForAll(drains))
        {
            if (_clusters.TryGetCluster(id, out var cluster))
            {
                _updater.UpdateAllDestinations(cluster);
            }
        }
    }

    /// <summary>
    /// Resets the TCP connections to a destination, including those of lock holders and multiplexer clients; HTTP requests go on.
    /// </summary>
    /// <param name="clusterId">The id of the cluster.</param>
    /// <param name="destinationId">The id of the destination.</param>
    /// <returns>The number of connections; null if there is no such destination and no connection to one.</returns>
    public int? CloseConnections(string clusterId, string destinationId)
    {
        var open = _tracker.Open.Where(record => Is(record.ClusterId, clusterId) && Is(record.DestinationId, destinationId)).ToList();
        open.ForEach(static record => record.Close(ConnectionOutcome.ClosedByAdmin));
        return open.Count > 0 || Find(clusterId, destinationId) is not null ? open.Count : null;
    }

    private ClusterState? Find(string clusterId, string destinationId) =>
        _clusters.TryGetCluster(clusterId, out var cluster) && cluster.Destinations.ContainsKey(destinationId) ? cluster : null;

    private ILookup<string, RequestSums> Requests() =>
        _requests.Traffic().ToLookup(static one => one.ClusterId, static one => one.Sums, StringComparer.OrdinalIgnoreCase);

    private ClusterStatus Describe(ClusterState cluster, ILookup<string, RequestSums> requests)
    {
        var available = cluster.DestinationsState.AvailableDestinations.ToHashSet();
        return new(
            cluster.ClusterId,
            _status.Current.Running?.Config.ReverseProxy.Clusters.GetValueOrDefault(cluster.ClusterId)?.LoadBalancingPolicy
                ?? DestinationPicker.DefaultPolicy,
            [
                .. cluster
                    .Destinations.Values.OrderBy(static destination => destination.DestinationId, StringComparer.OrdinalIgnoreCase)
                    .Select(destination => Describe(cluster, destination, available.Contains(destination))),
            ]
        )
        {
            Requests = RequestSums.Of(requests[cluster.ClusterId]),
            NoneSince = ClusterSupply.Of(cluster).NoneSince,
        };
    }

    private DestinationStatus Describe(ClusterState cluster, DestinationState destination, bool available) =>
        new(
            destination.DestinationId,
            SecretMask.Apply(destination.Model.Config.Address),
            new(destination.Health.Active, destination.Health.Passive, available),
            _drained.Contains(cluster.ClusterId, destination.DestinationId),
            DestinationLoad.Of(destination).Active + destination.ConcurrentRequestCount
        )
        {
            Checks = Checks(cluster.Model.Config.HealthCheck),
            DrainedHere = _drained.IsHere(cluster.ClusterId, destination.DestinationId),
            DrainedForAll = _drained.ForAll(cluster.ClusterId, destination.DestinationId),
        };

    private static string Checks(HealthCheckConfig? checks) =>
        (checks?.Active?.Enabled is true, checks?.Passive?.Enabled is true) switch
        {
            (true, true) => "ActiveAndPassive",
            (true, false) => "Active",
            (false, true) => "Passive",
            _ => "Off",
        };

    private static bool Is(string? one, string other) => other.Equals(one, StringComparison.OrdinalIgnoreCase);
}
