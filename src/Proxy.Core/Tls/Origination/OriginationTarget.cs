using Proxy.Diagnostics;

namespace Proxy.Tls.Origination;

/// <summary>The destination with which TLS begins.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="Host">The host name or IP address of the destination, without brackets; null for a unix socket.</param>
/// <param name="ClientProtocol">The application protocol that was agreed on with the client; empty without one.</param>
/// <param name="Client">The record of the client; null if the connection is the proxy's own or is shared by clients.</param>
internal readonly record struct OriginationTarget(
    string ClusterId,
    string? Host,
    ReadOnlyMemory<byte> ClientProtocol = default,
    ConnectionRecord? Client = null
);
