using System.Net;
using System.Runtime.CompilerServices;
using Proxy.Clusters;
using Proxy.Diagnostics;
using Yarp.ReverseProxy.Model;

namespace Proxy.Forwarding;

/// <summary>Finds a destination that answers: picks, dials, and tries another one when that fails.</summary>
public sealed class UpstreamDialer(DestinationPicker picker, ReportingDialer dialer, TimeProvider time)
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(1);
    private static readonly IReadOnlyCollection<DestinationState> _noneTried = [];

    /// <summary>Picks a destination and takes a place there, which the caller gives back.</summary>
    internal PickResult Pick(ForwardSettings settings, ConnectionRecord record, out ConnectionOutcome failure)
    {
        record.ClusterId = settings.Cluster.Id;
        var pick = settings.Cluster.Find() is { } cluster
            ? picker.Pick(cluster, settings.Dialling, Context(cluster, record), _noneTried)
            : new PickResult(null, null, PickFailure.NoDestination);
        record.DestinationId = pick.Destination?.DestinationId;
        failure = Failure(pick.Failure, tried: 0);
        return pick;
    }

    /// <summary>Dials for a client.</summary>
    /// <param name="settings">The cluster and how it is dialled.</param>
    /// <param name="record">The client's.</param>
    /// <param name="picked">The only destination that will do, its place being the caller's; null for whichever answers.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<Dialled> DialAsync(
        ForwardSettings settings,
        ConnectionRecord record,
        PickResult? picked,
        CancellationToken cancellationToken
    )
    {
        record.ClusterId = settings.Cluster.Id;
        if (settings.Cluster.Find() is not { } cluster)
        {
            return new(null, null, ConnectionOutcome.NoDestination);
        }

        var started = time.GetTimestamp();
        var result = await TryAllAsync(cluster, settings, record, picked, cancellationToken);
        record.DialEnded(time.GetElapsedTime(started), result.Connection is not null);
        return result;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Dialled> TryAllAsync(
        ClusterState cluster,
        ForwardSettings settings,
        ConnectionRecord record,
        PickResult? picked,
        CancellationToken cancellationToken
    )
    {
        var context = Context(cluster, record);
        List<DestinationState>? tried = null;
        var pause = _firstPause;
        for (var attempt = 1; attempt <= settings.Dialling.ConnectAttempts; attempt++)
        {
            var pick = picked ?? picker.Pick(cluster, settings.Dialling, context, tried ?? _noneTried);
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

                var dialled = await DialAsync(new(cluster, destination), settings.Dialling, record.Span, cancellationToken);
                if (dialled.Connection is { } connection)
                {
                    return new(connection, picked is null ? load : null, default);
                }
            }
            catch when (picked is null)
            {
                load.Release();
                throw;
            }

            if (picked is null)
            {
                load.Release();
            }

            (tried ??= []).Add(destination);
        }

        return new(null, null, ConnectionOutcome.ConnectFailed);
    }

    private ValueTask<DialAttempt> DialAsync(
        DialTarget target,
        ClusterSettings settings,
        ConnectionSpan? span,
        CancellationToken cancellationToken
    ) => span is null ? dialer.DialAsync(target, settings, cancellationToken) : TraceAsync(target, settings, span, cancellationToken);

    private async ValueTask<DialAttempt> TraceAsync(
        DialTarget target,
        ClusterSettings settings,
        ConnectionSpan span,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        var error = ErrorType.Cancelled;
        try
        {
            var attempt = await dialer.DialAsync(target, settings, cancellationToken);
            error = attempt.Failure is { } failure ? ErrorType.Of(failure) : null;
            return attempt;
        }
        finally
        {
            span.Dialled(target.DestinationId, target.Address, time.GetElapsedTime(started), error);
        }
    }

    private static PickContext Context(ClusterState cluster, ConnectionRecord record) =>
        new((record.Client as IPEndPoint)?.Address, cluster.ClusterId);

    private static ConnectionOutcome Failure(PickFailure failure, int tried) =>
        failure == PickFailure.LimitReached ? ConnectionOutcome.LimitExceeded
        : tried > 0 ? ConnectionOutcome.ConnectFailed
        : ConnectionOutcome.NoDestination;
}
