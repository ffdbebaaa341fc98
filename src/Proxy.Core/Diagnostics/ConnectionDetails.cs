using System.Net;

namespace Proxy.Diagnostics;

/// <summary>What is known of few connections only, so that the record of the others takes less memory.</summary>
internal sealed class ConnectionDetails
{
    public long Queued; // in ticks

    public Action? OnDrain;

    public int IsDraining;

    public ConnectionSpan? Span { get; set; }

    public EndPoint? Peer { get; set; }

    public string? ProxyHeader { get; set; }

    public string? ProxyAuthority { get; set; }

    public IReadOnlyList<(byte Type, ReadOnlyMemory<byte> Value)>? ProxyValues { get; set; }

    public string? ServerName { get; set; }

    public string? AlpnProtocols { get; set; }

    public TlsSession? Tls { get; set; }

    public TlsSession? UpstreamTls { get; set; }

    public string? TlsFailure { get; set; }

    public string? TlsError { get; set; }

    public string? Limit { get; set; }

    public string? DryRunLimit { get; set; }

    public TimeSpan? DrainTimeout { get; set; }

    public bool HasOwnTunnel { get; set; }
}
