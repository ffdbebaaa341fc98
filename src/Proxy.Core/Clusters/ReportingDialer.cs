using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Proxy.Clusters.Health;
using Proxy.Diagnostics;

namespace Proxy.Clusters;

/// <summary>Dials a destination once, and tells metrics, health and the log what became of it.</summary>
public sealed partial class ReportingDialer(
    DestinationDialer dialer,
    ConnectFailuresHealthPolicy health,
    ProxyMetrics metrics,
    TimeProvider time,
    ILogger<ReportingDialer> logger
)
{
    /// <summary>Dials.</summary>
    /// <param name="target">The destination.</param>
    /// <param name="settings">The deadline, and the age at which a name is resolved again.</param>
    /// <param name="cancellationToken">Ends the attempt, which then says nothing about the destination.</param>
    /// <exception cref="OperationCanceledException">The token ended it.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<DialAttempt> DialAsync(DialTarget target, ClusterSettings settings, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            var connection = await dialer.DialAsync(target.Address, settings.ConnectTimeout, settings.DnsRefresh, cancellationToken);
            metrics.Dialled(target.ClusterId, target.DestinationId, time.GetElapsedTime(started), succeeded: true);
            Succeeded(target);
            return new(connection, null);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            metrics.Dialled(target.ClusterId, target.DestinationId, time.GetElapsedTime(started), succeeded: false);
            Failed(target, exception);
            return new(null, exception);
        }
    }

    private void Succeeded(DialTarget target)
    {
        if (target.Destination is not { } destination)
        {
            return;
        }

        health.DialSucceeded(destination);
        if (DestinationLoad.Of(destination).DialEnded(failed: false))
        {
            Log.DialsAgain(logger, target.ClusterId, target.DestinationId, target.Address);
        }
    }

    private void Failed(DialTarget target, Exception exception)
    {
        if (target is not { Cluster: { } cluster, Destination: { } destination })
        {
            return;
        }

        if (!IsOurs(exception))
        {
            health.DialFailed(cluster, destination);
        }

        // Once, and not per client: a destination that is down would fill the log.
        if (DestinationLoad.Of(destination).DialEnded(failed: true))
        {
            Log.DialFailed(logger, target.ClusterId, target.DestinationId, target.Address, exception.Message);
        }
    }

    // Says nothing about the destination.
    private static bool IsOurs(Exception exception) =>
        exception is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Cluster {Cluster}: destination {Destination} at {Address} answers again.")]
        public static partial void DialsAgain(ILogger logger, string cluster, string destination, string address);

        [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: destination {Destination} at {Address} cannot be dialled: {Reason}")]
        public static partial void DialFailed(ILogger logger, string cluster, string destination, string address, string reason);
    }
}
