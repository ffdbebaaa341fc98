namespace Proxy.Diagnostics;

/// <summary>The classification of outcomes.</summary>
internal static class ConnectionOutcomes
{
    /// <summary>Whether the proxy or an upstream failed the client. Actions of the client and configured limits are not failures.</summary>
    public static bool IsFault(this ConnectionOutcome outcome) =>
        outcome switch
        {
            ConnectionOutcome.UpstreamReset => true,
            ConnectionOutcome.ConnectFailed => true,
            ConnectionOutcome.NoDestination => true,
            ConnectionOutcome.LimitExceeded => true,
            ConnectionOutcome.QueueFull => true,
            ConnectionOutcome.QueueTimeout => true,
            ConnectionOutcome.HookFailed => true,
            ConnectionOutcome.PermitLost => true,
            ConnectionOutcome.TlsFailed => true,
            ConnectionOutcome.ProtocolError => true,
            ConnectionOutcome.ResponseTimeout => true,
            ConnectionOutcome.DestinationUnhealthy => true,
            ConnectionOutcome.TunnelLost => true,
            ConnectionOutcome.MemberGone => true,
            ConnectionOutcome.UpstreamTruncated => true,
            ConnectionOutcome.UpstreamTlsFailed => true,
            ConnectionOutcome.InternalError => true,
            _ => false,
        };

    /// <summary>
    /// Whether the end of a connection counts against its route: a fault, unless its client caused it by exceeding a limit, by failing its TLS handshake, as
    /// scanners of ports do, or by breaking the protocol of a multiplexed route. If a device broke that, its own condition tells. Nor does an upstream that ends
    /// without close_notify: common servers do so whenever their client has ended.
    /// </summary>
    public static bool CountsAgainstRoute(this ConnectionOutcome outcome) =>
        outcome
            is not (
                ConnectionOutcome.LimitExceeded
                or ConnectionOutcome.ProtocolError
                or ConnectionOutcome.TlsFailed
                or ConnectionOutcome.UpstreamTruncated
            )
        && outcome.IsFault();

    /// <summary>Whether TLS failed, with the client or with a destination.</summary>
    public static bool IsTlsFailure(this ConnectionOutcome outcome) =>
        outcome is ConnectionOutcome.TlsFailed or ConnectionOutcome.UpstreamTlsFailed;
}
