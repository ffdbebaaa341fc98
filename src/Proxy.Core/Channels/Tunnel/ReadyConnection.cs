using System.Security.Cryptography.X509Certificates;
using Proxy.Tls;

namespace Proxy.Channels.Tunnel;

/// <summary>A connection to an instance that is for one tunnel.</summary>
/// <param name="Connection">The connection, after its handshake.</param>
/// <param name="Peer">The instance that was dialed.</param>
/// <param name="Since">The timestamp of the handshake.</param>
internal sealed record ReadyConnection(TlsConnection Connection, TunnelEndPoint Peer, long Since)
{
    /// <summary>The certificate that the instance has shown.</summary>
    public X509Certificate2? Certificate => Connection.Facts.PeerCertificate;

    /// <summary>Whether it can be used still, as far as is known.</summary>
    public bool IsAlive => !Connection.HasPeerEnded;
}
