using System.Net;
using Proxy.Diagnostics;

namespace Proxy.ProxyProtocol;

/// <summary>The client that a header is about.</summary>
/// <param name="Client">Its address.</param>
/// <param name="Local">The address that it connected to.</param>
/// <param name="ServerName">The name of the server that it asked for; null if none is known.</param>
/// <param name="Alpn">The application protocol, one character for each byte; null if it is not known.</param>
/// <param name="ConnectionId">The id of its connection, in ASCII.</param>
internal readonly record struct ProxyOrigin(EndPoint? Client, EndPoint? Local, string? ServerName, string? Alpn, string ConnectionId)
{
    /// <summary>What the TLS handshake with the client agreed on; null if TLS was not terminated.</summary>
    public TlsSession? Tls { get; init; }

    /// <summary>The values from the header of a load balancer in front that are passed on, in the place of the proxy's own of the same types.</summary>
    public IReadOnlyList<ProxyTlv> Passed { get; init; } = [];
}
