namespace Proxy.Diagnostics;

/// <summary>Why a connection has ended: one closed set for log lines, metric tags and the API.</summary>
public enum ConnectionOutcome
{
    /// <summary>Both sides ended with FIN.</summary>
    Completed,

    /// <summary>The client reset the connection.</summary>
    ClientReset,

    /// <summary>The upstream reset the connection.</summary>
    UpstreamReset,

    /// <summary>Every attempt to reach a destination failed.</summary>
    ConnectFailed,

    /// <summary>The cluster has no available destination.</summary>
    NoDestination,

    /// <summary>No route of the endpoint matches.</summary>
    NoRoute,

    /// <summary>A deny list or the absence from an allow list refused the client.</summary>
    Denied,

    /// <summary>A limit on the number or rate of connections was reached.</summary>
    LimitExceeded,

    /// <summary>The queue of a lock or multiplexer was full.</summary>
    QueueFull,

    /// <summary>The client waited in a queue for longer than allowed.</summary>
    QueueTimeout,

    /// <summary>The client left while it was queued.</summary>
    LeftQueue,

    /// <summary>A lock was held for longer than allowed.</summary>
    HoldExpired,

    /// <summary>A hook failed.</summary>
    HookFailed,

    /// <summary>No byte passed in either direction for the idle timeout.</summary>
    IdleTimeout,

    /// <summary>One side had ended, and the other did not within the half-close timeout.</summary>
    HalfCloseTimeout,

    /// <summary>The connection reached its maximum duration.</summary>
    DurationExpired,

    /// <summary>The bytes that are needed to choose a route were not received in time.</summary>
    PeekTimeout,

    /// <summary>The PROXY protocol header was missing, malformed or from an untrusted network.</summary>
    InvalidProxyHeader,

    /// <summary>The TLS handshake with the client failed, or the client violated TLS after it.</summary>
    TlsFailed,

    /// <summary>A peer violated the protocol of a multiplexed route.</summary>
    ProtocolError,

    /// <summary>A device did not answer in time.</summary>
    ResponseTimeout,

    /// <summary>The route or endpoint was removed, or the host stopped, and the drain timeout ran out.</summary>
    Drained,

    /// <summary>An operator closed the connection.</summary>
    ClosedByAdmin,

    /// <summary>The tunnel that carried the connection was lost.</summary>
    TunnelLost,

    /// <summary>The member of a channel has left.</summary>
    MemberGone,

    /// <summary>An error of the proxy.</summary>
    InternalError,

    /// <summary>The destination became unhealthy, and its cluster closes connections then.</summary>
    DestinationUnhealthy,

    /// <summary>The client ended its TLS connection without close_notify, so what it sent may be incomplete.</summary>
    ClientTruncated,

    /// <summary>The upstream ended its TLS connection without close_notify, so what it sent may be incomplete.</summary>
    UpstreamTruncated,

    /// <summary>On a route with Mode Http: a request was aborted, for instance because its answer was cut off, or a limit of Kestrel was exceeded.</summary>
    HttpAborted,

    /// <summary>
    /// Every attempt to reach a destination failed, the last one in its TLS handshake; or the destination violated TLS after it.
    /// </summary>
    UpstreamTlsFailed,

    /// <summary>The permit of a lock over all hosts was lost: the lease of this host is about to end, or its key is gone.</summary>
    PermitLost,
}
