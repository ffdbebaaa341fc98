namespace Proxy.Tls;

/// <summary>With what a TLS handshake is.</summary>
internal enum TlsSide
{
    /// <summary>With a client of a route.</summary>
    Client,

    /// <summary>With a destination of a cluster.</summary>
    Upstream,
}
