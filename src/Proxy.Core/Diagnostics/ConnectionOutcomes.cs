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
            ConnectionOutcome.TlsFailed => true,
            ConnectionOutcome.ProtocolError => true,
            ConnectionOutcome.ResponseTimeout => true,
            ConnectionOutcome.DestinationUnhealthy => true,
            ConnectionOutcome.TunnelLost => true,
            ConnectionOutcome.MemberGone => true,
            ConnectionOutcome.InternalError => true,
            _ => false,
        };
}
