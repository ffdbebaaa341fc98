using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Clusters;
using Proxy.Clusters.Health;
using Proxy.Diagnostics;
using Yarp.ReverseProxy.Model;

namespace Proxy.Forwarding;

/// <summary>Finds a destination that answers: picks, dials, and tries another one when that fails.</summary>
public sealed partial class UpstreamDialer(
    DestinationPicker picker,
    DestinationDialer dialer,
    ConnectFailuresHealthPolicy health,
    ProxyMetrics metrics,
    TimeProvider time,
    ILogger<UpstreamDialer> logger
)
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(1);
    private static readonly IReadOnlyCollection<DestinationState> _noneTried = [];

    /// <summary>Dials for a client.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<Dialled> DialAsync(ForwardSettings settings, ConnectionRecord record, CancellationToken cancellationToken)
    {
        record.ClusterId = settings.Cluster.Id;
        if (settings.Cluster.Find() is not { } cluster)
        {
            return new(null, null, ConnectionOutcome.NoDestination);
        }

        var started = time.GetTimestamp();
        var result = await TryAllAsync(cluster, settings, record, cancellationToken);
        record.DialEnded(time.GetElapsedTime(started), result.Connection is not null);
        return result;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Dialled> TryAllAsync(
        ClusterState cluster,
        ForwardSettings settings,
        ConnectionRecord record,
        CancellationToken cancellationToken
    )
    {
        var context = new PickContext((record.Client as IPEndPoint)?.Address, cluster.ClusterId);
        List<DestinationState>? tried = null;
        var pause = _firstPause;
        for (var attempt = 1; attempt <= settings.Dialling.ConnectAttempts; attempt++)
        {
            var pick = picker.Pick(cluster, settings.Dialling, context, tried ?? _noneTried);
            if (pick.Destination is not { } destination || pick.Load is not { } load)
            {
                return new(null, null, Failure(pick.Failure, tried?.Count ?? 0));
            }

            record.DestinationId = destination.DestinationId;
            try
            {
                if (tried?.Contains(destination) is true)
                {
                    await Task.Delay(pause, time, cancellationToken);
                    pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
                }

                if (await TryAsync(cluster, destination, settings.Dialling, cancellationToken) is { } connection)
                {
                    return new(connection, load, default);
                }
            }
            catch
            {
                load.Release();
                throw;
            }

            load.Release();
            (tried ??= []).Add(destination);
        }

        return new(null, null, ConnectionOutcome.ConnectFailed);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ConnectionContext?> TryAsync(
        ClusterState cluster,
        DestinationState destination,
        ClusterSettings settings,
        CancellationToken cancellationToken
    )
    {
        var address = destination.Model.Config.Address;
        var started = time.GetTimestamp();
        try
        {
            var connection = await dialer.DialAsync(address, settings.ConnectTimeout, settings.DnsRefresh, cancellationToken);
            metrics.Dialled(cluster.ClusterId, destination.DestinationId, time.GetElapsedTime(started), succeeded: true);
            health.DialSucceeded(destination);
            if (DestinationLoad.Of(destination).DialEnded(failed: false))
            {
                Log.DialsAgain(logger, cluster.ClusterId, destination.DestinationId, address);
            }

            return connection;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            metrics.Dialled(cluster.ClusterId, destination.DestinationId, time.GetElapsedTime(started), succeeded: false);
            if (!IsOurs(exception))
            {
                health.DialFailed(cluster, destination);
            }

            // Once, and not per client: a destination that is down would fill the log.
            if (DestinationLoad.Of(destination).DialEnded(failed: true))
            {
                Log.DialFailed(logger, cluster.ClusterId, destination.DestinationId, address, exception.Message);
            }

            return null;
        }
    }

    // Says nothing about the destination.
    private static bool IsOurs(Exception exception) =>
        exception is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable };

    private static ConnectionOutcome Failure(PickFailure failure, int tried) =>
        failure == PickFailure.LimitReached ? ConnectionOutcome.LimitExceeded
        : tried > 0 ? ConnectionOutcome.ConnectFailed
        : ConnectionOutcome.NoDestination;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Cluster {Cluster}: destination {Destination} at {Address} answers again.")]
        public static partial void DialsAgain(ILogger logger, string cluster, string destination, string address);

        [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: destination {Destination} at {Address} cannot be dialled: {Reason}")]
        public static partial void DialFailed(ILogger logger, string cluster, string destination, string address, string reason);
    }
}
