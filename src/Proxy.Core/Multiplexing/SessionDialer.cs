using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Clusters;
using Proxy.Connections;
using Yarp.ReverseProxy;

namespace Proxy.Multiplexing;

/// <summary>Dials the destinations of sessions, and logs renewals and failures.</summary>
internal sealed partial class SessionDialer(Dialer dialer, IProxyStateLookup clusters, ILogger<SessionDialer> logger)
{
    /// <summary>Makes one attempt to connect.</summary>
    /// <exception cref="IOException">The attempt failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<ConnectionContext> DialAsync(SessionKey key, UpstreamSettings settings, CancellationToken cancellationToken)
    {
        var connection = await dialer.ConnectAsync(new DestinationEndPoint(Find(key), settings.Cluster.Tcp), cancellationToken);
        (connection as TcpConnection)?.SetKeepAlive(KeepAlive.Default);
        return connection;
    }

    public void LogFailure(SessionKey key, Exception exception) => Log.Failed(logger, key.ClusterId, key.DestinationId, exception);

    public void LogRenewal(SessionKey key, string reason) => Log.Renewed(logger, key.ClusterId, key.DestinationId, reason);

    public void Tell(SessionKey key, SessionNotice notice)
    {
        switch (notice.Kind)
        {
            case SessionNoticeKind.Suspended:
                Log.Suspended(logger, key.ClusterId, key.DestinationId, notice.Subject);
                break;
            case SessionNoticeKind.ClosesAfterEachAnswer:
                Log.SingleUse(logger, key.ClusterId, key.DestinationId);
                break;
            default:
                Log.Resumed(logger, key.ClusterId, key.DestinationId, notice.Subject);
                break;
        }
    }

    /// <summary>Logs how many requests were refused and sent again.</summary>
    public void Tell(SessionKey key, IReadOnlyList<(RequestOutcome Outcome, long Count)> refused, long repeated)
    {
        if (refused.Count > 0)
        {
            var reasons = string.Join(", ", refused.Select(static item => $"{item.Outcome} {item.Count}"));
            Log.Refused(logger, key.ClusterId, key.DestinationId, reasons);
        }

        if (repeated > 0)
        {
            Log.Repeated(logger, key.ClusterId, key.DestinationId, repeated);
        }
    }

    // A destination that was removed is still dialed for clients that finish on it.
    private DialTarget Find(SessionKey key) =>
        clusters.TryGetCluster(key.ClusterId, out var cluster)
        && cluster.Destinations.TryGetValue(key.DestinationId, out var destination)
        && destination.Model.Config.Address == key.Address
            ? new(cluster, destination)
            : new(key.ClusterId, key.DestinationId, key.Address, null, null);

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Information,
            "Cluster {Cluster}: the connection to destination {Destination} is closed and replaced when it is needed: {Reason}"
        )]
        public static partial void Renewed(ILogger logger, string cluster, string destination, string reason);

        [LoggerMessage(
            LogLevel.Warning,
            "Cluster {Cluster}, destination {Destination}: {Subject} did not answer in time and is suspended: such requests fail at once, except one after each pause, until one is answered."
        )]
        public static partial void Suspended(ILogger logger, string cluster, string destination, string subject);

        [LoggerMessage(
            LogLevel.Information,
            "Cluster {Cluster}, destination {Destination}: it closes its connection after each answer, so for an hour each connection is used for one request."
        )]
        public static partial void SingleUse(ILogger logger, string cluster, string destination);

        [LoggerMessage(LogLevel.Information, "Cluster {Cluster}, destination {Destination}: {Subject} answers again.")]
        public static partial void Resumed(ILogger logger, string cluster, string destination, string subject);

        [LoggerMessage(
            LogLevel.Warning,
            "Cluster {Cluster}, destination {Destination}: requests were refused: {Reasons}. Further ones are counted for a minute before the next such line."
        )]
        public static partial void Refused(ILogger logger, string cluster, string destination, string reasons);

        [LoggerMessage(
            LogLevel.Information,
            "Cluster {Cluster}, destination {Destination}: requests were sent again, since their connection was lost: {Count}. Further ones are counted for a minute before the next such line."
        )]
        public static partial void Repeated(ILogger logger, string cluster, string destination, long count);

        [LoggerMessage(
            LogLevel.Error,
            "Cluster {Cluster}: an unexpected error in the session of destination {Destination}; the step that failed is skipped and the session continues."
        )]
        public static partial void Failed(ILogger logger, string cluster, string destination, Exception exception);
    }
}
