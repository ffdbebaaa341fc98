using Proxy.Diagnostics;

namespace Proxy.Tls;

/// <summary>What an end of the transport without close_notify means, and what a violation of TLS does.</summary>
/// <param name="Side">Which peer it is.</param>
/// <param name="RequireCloseNotify">Whether such an end is a cut; else it is an end like one with close_notify.</param>
internal sealed record TlsEnds(TlsSide Side, bool RequireCloseNotify)
{
    /// <summary>Called when the peer violates TLS, or ends it with an alert, after the handshake; null for nothing.</summary>
    public Action<Exception>? Violated { get; init; }

    /// <summary>The outcome of a connection that was cut off.</summary>
    public ConnectionOutcome Truncated => Side == TlsSide.Client ? ConnectionOutcome.ClientTruncated : ConnectionOutcome.UpstreamTruncated;

    /// <summary>The outcome of a connection whose peer violates TLS.</summary>
    public ConnectionOutcome Failed => Side == TlsSide.Client ? ConnectionOutcome.TlsFailed : ConnectionOutcome.UpstreamTlsFailed;
}
