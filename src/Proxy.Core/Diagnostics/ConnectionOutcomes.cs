namespace Proxy.Diagnostics;

/// <summary>What outcomes mean.</summary>
internal static class ConnectionOutcomes
{
    /// <summary>Whether the proxy or what is behind it failed the client. What the client did itself, or was configured to happen to it, is none.</summary>
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
            ConnectionOutcome.TlsFailed => true,
            ConnectionOutcome.ProtocolError => true,
            ConnectionOutcome.ResponseTimeout => true,
            ConnectionOutcome.TunnelLost => true,
            ConnectionOutcome.MemberGone => true,
            ConnectionOutcome.InternalError => true,
            _ => false,
        };
}
