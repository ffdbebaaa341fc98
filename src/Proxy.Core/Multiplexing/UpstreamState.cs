namespace Proxy.Multiplexing;

/// <summary>What an upstream connection is doing.</summary>
public enum UpstreamState
{
    /// <summary>It is being dialed.</summary>
    Connecting,

    /// <summary>It rests: after the connect, between two requests, or until the destination is silent.</summary>
    Resting,

    /// <summary>It takes requests.</summary>
    Ready,

    /// <summary>FIN is sent, and the destination's is awaited; or its dial was cancelled and has not ended.</summary>
    Closing,

    /// <summary>It has ended.</summary>
    Closed,
}
