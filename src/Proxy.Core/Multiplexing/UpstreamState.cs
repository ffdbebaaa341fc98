namespace Proxy.Multiplexing;

/// <summary>The state of an upstream connection.</summary>
public enum UpstreamState
{
    /// <summary>It is being dialed.</summary>
    Connecting,

    /// <summary>It takes no requests for a while: after connecting, between two requests, or until the destination is silent.</summary>
    Resting,

    /// <summary>It takes requests.</summary>
    Ready,

    /// <summary>FIN was sent and that of the destination is awaited, or a cancelled dial has not ended yet.</summary>
    Closing,

    /// <summary>It has ended.</summary>
    Closed,
}
