using Microsoft.Extensions.Logging;
using Proxy.Clusters.Health;
using Proxy.Clusters.LoadBalancing;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Clusters;

/// <summary>Reports the result of each dial to metrics, passive health, the log and the client's span.</summary>
internal sealed partial class DialReports(ConnectFailuresHealthPolicy health, ProxyMetrics metrics, ILogger<Dialer> logger)
{
    public void Succeeded(DialTarget target, TimeSpan duration, ConnectionSpan? span)
    {
        metrics.Dialed(target.ClusterId, target.DestinationId, duration, succeeded: true);
        span?.Dialed(target.DestinationId, target.Address, duration, error: null);
        if (target.Destination is not { } destination)
        {
            return;
        }

        metrics.Recent.Of(target.ClusterId, target.DestinationId).Reached(destination.Model.Config.Address);
        health.DialSucceeded(destination);
        if (DestinationLoad.Of(destination).DialEnded(failed: false))
        {
            Log.DialsAgain(logger, target.ClusterId, target.DestinationId, target.Address);
        }
    }

    public void Failed(DialTarget target, TimeSpan duration, ConnectionSpan? span, Exception exception)
    {
        metrics.Dialed(target.ClusterId, target.DestinationId, duration, succeeded: false);
        span?.Dialed(target.DestinationId, target.Address, duration, ErrorType.Of(exception));
        if (target is not { Cluster: { } cluster, Destination: { } destination })
        {
            return;
        }

        var isShortage = Resources.IsShortage(exception);
        metrics.Recent.Of(target.ClusterId, target.DestinationId).Dialed(destination.Model.Config.Address, exception, isShortage);
        if (!isShortage)
        {
            health.DialFailed(cluster, destination);
        }

        // Logged when the state changes and not per client, since a destination that is down would fill the log.
        if (DestinationLoad.Of(destination).DialEnded(failed: true))
        {
            Log.DialFailed(logger, target.ClusterId, target.DestinationId, target.Address, exception.Message.TrimEnd('.'));
        }
    }

    /// <summary>Records a dial that was cancelled because the client left, which says nothing about the destination.</summary>
    public static void Cancelled(DialTarget target, TimeSpan duration, ConnectionSpan? span) =>
        span?.Dialed(target.DestinationId, target.Address, duration, ErrorType.Cancelled);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Cluster {Cluster}: destination {Destination} at {Address} answers again.")]
        public static partial void DialsAgain(ILogger logger, string cluster, string destination, string address);

        [LoggerMessage(
            LogLevel.Warning,
            "Cluster {Cluster}: destination {Destination} at {Address} cannot be connected: {Reason}; further failures are not logged until it answers again."
        )]
        public static partial void DialFailed(ILogger logger, string cluster, string destination, string address, string reason);
    }
}
