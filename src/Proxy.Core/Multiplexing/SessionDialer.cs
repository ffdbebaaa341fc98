using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Clusters;
using Proxy.Clusters.Health;
using Proxy.Connections;
using Proxy.Diagnostics;
using Yarp.ReverseProxy;

namespace Proxy.Multiplexing;

/// <summary>Dials the destinations of sessions, and tells health, metrics and the log.</summary>
internal sealed partial class SessionDialer(
    DestinationDialer dialer,
    IProxyStateLookup clusters,
    ConnectFailuresHealthPolicy health,
    ProxyMetrics metrics,
    TimeProvider time,
    ILogger<SessionDialer> logger
)
{
    /// <summary>Dials once.</summary>
    /// <exception cref="TimeoutException">Nobody answered in time.</exception>
    /// <exception cref="SocketException">Every address failed.</exception>
    /// <exception cref="OperationCanceledException">The token ended it.</exception>
    public async ValueTask<ConnectionContext> DialAsync(SessionKey key, UpstreamSettings settings, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            var connection = await dialer.DialAsync(key.Address, settings.ConnectTimeout, settings.DnsRefresh, cancellationToken);
            (connection as TcpConnection)?.SetKeepAlive(KeepAlive.Default);
            metrics.Dialled(key.ClusterId, key.DestinationId, time.GetElapsedTime(started), succeeded: true);
            Ended(key, failed: false, null);
            return connection;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            metrics.Dialled(key.ClusterId, key.DestinationId, time.GetElapsedTime(started), succeeded: false);
            Ended(key, failed: true, exception);
            throw;
        }
    }

    public void LogFailure(SessionKey key, Exception exception) => Log.Failed(logger, key.ClusterId, key.DestinationId, exception);

    public void LogRenewal(SessionKey key, string reason) => Log.Renewed(logger, key.ClusterId, key.DestinationId, reason);

    private void Ended(SessionKey key, bool failed, Exception? exception)
    {
        if (
            !clusters.TryGetCluster(key.ClusterId, out var cluster)
            || !cluster.Destinations.TryGetValue(key.DestinationId, out var destination)
        )
        {
            return;
        }

        if (!failed)
        {
            health.DialSucceeded(destination);
        }
        else if (exception is not SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable })
        {
            health.DialFailed(cluster, destination);
        }

        // Once, and not per attempt: a destination that is down would fill the log.
        if (!DestinationLoad.Of(destination).DialEnded(failed))
        {
            return;
        }

        if (failed)
        {
            Log.DialFailed(logger, key.ClusterId, key.DestinationId, key.Address, exception?.Message ?? "");
        }
        else
        {
            Log.DialsAgain(logger, key.ClusterId, key.DestinationId, key.Address);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Cluster {Cluster}: destination {Destination} at {Address} answers again.")]
        public static partial void DialsAgain(ILogger logger, string cluster, string destination, string address);

        [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: destination {Destination} at {Address} cannot be dialled: {Reason}")]
        public static partial void DialFailed(ILogger logger, string cluster, string destination, string address, string reason);

        [LoggerMessage(LogLevel.Information, "Cluster {Cluster}: the connection to destination {Destination} is renewed: {Reason}")]
        public static partial void Renewed(ILogger logger, string cluster, string destination, string reason);

        [LoggerMessage(LogLevel.Error, "Cluster {Cluster}: reading from destination {Destination} failed.")]
        public static partial void Failed(ILogger logger, string cluster, string destination, Exception exception);
    }
}
