using Microsoft.Extensions.Logging;
using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration.Clusters;
using Proxy.Diagnostics;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>
/// YARP calls this at each change of health. It notes since when a cluster has no destination, and when one is healthy again, for its slow start, and closes the connections of one that is
/// unhealthy, if the cluster asks for that.
/// </summary>
internal sealed partial class WatchedDestinationsUpdater(
    IClusterDestinationsUpdater inner,
    ConnectionTracker tracker,
    TimeProvider time,
    ILogger<WatchedDestinationsUpdater> logger
) : IClusterDestinationsUpdater
{
    /// <inheritdoc />
    public void UpdateAllDestinations(ClusterState cluster)
    {
        inner.UpdateAllDestinations(cluster);
        Look(cluster);
    }

    /// <inheritdoc />
    public void UpdateAvailableDestinations(ClusterState cluster)
    {
        inner.UpdateAvailableDestinations(cluster);
        Look(cluster);
    }

    // After the update, so that a client which is dialed now goes elsewhere.
    private void Look(ClusterState cluster)
    {
        ClusterSupply.Of(cluster).Follow(cluster, time);
        var closes = cluster.Model.Config.Metadata?.ContainsKey(TcpClusterConfig.CloseMetadata) is true;
        foreach (var destination in cluster.DestinationsState.AllDestinations)
        {
            if (DestinationLoad.Of(destination).SetHealth(() => IsUnhealthy(destination.Health), time) is true && closes)
            {
                Close(cluster.ClusterId, destination.DestinationId);
            }
        }
    }

    private static bool IsUnhealthy(DestinationHealthState health) =>
        health is { Active: DestinationHealth.Unhealthy } or { Passive: DestinationHealth.Unhealthy };

    // A client that is still being dialed for goes to the next destination when this dial fails.
    private void Close(string clusterId, string destinationId)
    {
        var closed = 0;
        foreach (var record in tracker.Open)
        {
            if (record.WasConnected && Is(record.ClusterId, clusterId) && Is(record.DestinationId, destinationId))
            {
                record.Close(ConnectionOutcome.DestinationUnhealthy);
                closed++;
            }
        }

        if (closed > 0)
        {
            Log.Closed(logger, clusterId, destinationId, closed);
        }
    }

    private static bool Is(string? one, string other) => other.Equals(one, StringComparison.OrdinalIgnoreCase);

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Cluster {Cluster}: destination {Destination} is unhealthy, so its {Count} connections were reset."
        )]
        public static partial void Closed(ILogger logger, string cluster, string destination, int count);
    }
}
