using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration.Clusters;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Timing;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters;

/// <summary>
/// Connects to destinations of clusters. For a <see cref="ClusterEndPoint"/> it picks a destination, dials it, and tries others if that
/// fails; a <see cref="DestinationEndPoint"/> is dialed once. The result of each dial is reported to metrics, passive health and the log.
/// </summary>
internal sealed class Dialer(DestinationPicker picker, AddressRace race, ConnectionOpening opening, DialReports reports, TimeProvider time)
    : IConnectionFactory
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(1);
    private static readonly IReadOnlyCollection<DestinationState> _noneTried = [];
    private static readonly PickResult _noCluster = new(null, null, ConnectionOutcome.NoDestination);

    /// <summary>Connects a target.</summary>
    /// <param name="endpoint">A <see cref="ClusterEndPoint"/> or a <see cref="DestinationEndPoint"/>.</param>
    /// <param name="cancellationToken">Cancels the dial, which then does not count for the health of the destination.</param>
    /// <returns>A connection that the caller has to dispose. The place at a cluster's destination belongs to the end point.</returns>
    /// <exception cref="DialFailedException">No destination of the cluster could be connected; the outcome says why.</exception>
    /// <exception cref="IOException">The destination could not be connected; the inner exception says why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        endpoint switch
        {
            ClusterEndPoint cluster => FindAsync(cluster, cancellationToken),
            DestinationEndPoint destination => DialOnceAsync(destination, cancellationToken),
            _ => throw new NotSupportedException($"{endpoint} is not an end point that the dialer supports."),
        };

    /// <summary>Picks a destination before it is dialed, and takes a place there for the end point.</summary>
    /// <param name="endPoint">The target; from now on only the picked destination is dialed for it.</param>
    /// <returns>Null if a destination was picked; otherwise why there is none.</returns>
    public ConnectionOutcome? Pick(ClusterEndPoint endPoint)
    {
        var client = endPoint.Client;
        client.ClusterId = endPoint.Cluster.Id;
        var pick = endPoint.Cluster.Find() is { } cluster ? Pick(cluster, endPoint, _noneTried) : _noCluster;
        client.DestinationId = pick.Destination?.DestinationId;
        endPoint.Picked = pick.Destination;
        return pick.Refusal;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ConnectionContext> FindAsync(ClusterEndPoint endPoint, CancellationToken cancellationToken)
    {
        var client = endPoint.Client;
        client.ClusterId = endPoint.Cluster.Id;
        var cluster = endPoint.Cluster.Find() ?? throw new DialFailedException(ConnectionOutcome.NoDestination);
        List<DestinationState>? tried = null;
        Backoff? backoff = null;
        Exception? failure = null;
        for (var attempt = 1; attempt <= endPoint.Settings.Tcp.ConnectAttempts; attempt++)
        {
            var pick = endPoint.Picked is { } picked ? new(picked, null, null) : Pick(cluster, endPoint, tried ?? _noneTried);
            if (pick.Destination is not { } destination)
            {
                throw new DialFailedException(Outcome(pick.Refusal, failure), failure);
            }

            client.DestinationId = destination.DestinationId;
            if (tried?.Contains(destination) is true)
            {
                backoff ??= new(time, _firstPause, _longestPause);
                await Task.Delay(backoff.Fail(), time, cancellationToken);
            }

            var target = new DialTarget(cluster, destination, endPoint.PortOffset);
            (var connection, failure) = await DialAsync(target, endPoint.Settings.Tcp, client, cancellationToken);
            if (connection is not null)
            {
                return connection;
            }

            (tried ??= []).Add(destination);
        }

        throw new DialFailedException(Outcome(failure!), failure);
    }

    private PickResult Pick(ClusterState cluster, ClusterEndPoint endPoint, IReadOnlyCollection<DestinationState> tried)
    {
        endPoint.Keep(null); // first gives back the place at the destination that failed, which may be the last free one
        var client = endPoint.Client;
        var context = new PickContext((client.Client as IPEndPoint)?.Address, cluster.ClusterId)
        {
            ServerName = client.ServerName,
            HashKey = endPoint.Settings.HashKey == HashKey.ServerName ? client.ServerName : null,
        };
        var pick = picker.Pick(cluster, endPoint.Settings, context, tried);
        endPoint.Keep(pick.Load);
        return pick;
    }

    private async ValueTask<ConnectionContext> DialOnceAsync(DestinationEndPoint endPoint, CancellationToken cancellationToken)
    {
        var (connection, failure) = await DialAsync(endPoint.Target, endPoint.Settings, null, cancellationToken);
        return connection ?? throw new IOException(failure!.Message, failure);
    }

    /// <summary>Dials one destination once; returns a connection, or why there is none.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(ConnectionContext? Connection, Exception? Failure)> DialAsync(
        DialTarget target,
        TcpClusterConfig settings,
        ConnectionRecord? client,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        var span = client?.Span;
        try
        {
            var connection = await race.ConnectAsync(target.Address, settings.ConnectTimeout, settings.DnsRefresh, cancellationToken);
            if (ConnectionOpening.IsNeeded(settings))
            {
                var left = settings.ConnectTimeout - time.GetElapsedTime(started);
                connection = await opening.OpenAsync(
                    connection,
                    target.Address,
                    target.ClusterId,
                    settings,
                    client,
                    left,
                    cancellationToken
                );
            }

            reports.Succeeded(target, time.GetElapsedTime(started), span);
            return (connection, null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            DialReports.Cancelled(target, time.GetElapsedTime(started), span);
            throw;
        }
        catch (Exception exception)
        {
            reports.Failed(target, time.GetElapsedTime(started), span, exception);
            return (null, exception);
        }
    }

    // If no destination is left after a failed one, the outcome is that failure.
    private static ConnectionOutcome Outcome(ConnectionOutcome? refusal, Exception? failure) =>
        refusal == ConnectionOutcome.NoDestination && failure is not null ? Outcome(failure) : refusal!.Value;

    // Of the last attempt, as the destination in the client's record is.
    private static ConnectionOutcome Outcome(Exception failure) =>
        failure is TlsFailedException ? ConnectionOutcome.UpstreamTlsFailed : ConnectionOutcome.ConnectFailed;
}
