using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Proxy.Connections;
using Proxy.Tls;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The TLS of tunnels that have a connection of their own. Both sides prove their identity, in each handshake: sessions are not resumed. An end is close_notify
/// and nothing else, so that what is cut off is reset at the other side.
/// </summary>
internal static class TunnelTls
{
    private static readonly TlsEnds _clientEnds = new(TlsSide.Client, RequireCloseNotify: true);
    private static readonly TlsEnds _serverEnds = new(TlsSide.Upstream, RequireCloseNotify: true);
    private static readonly SslApplicationProtocol _protocol = new(TunnelProtocol.ConnectionProtocol);

    /// <summary>Shakes hands with a peer that has connected.</summary>
    /// <exception cref="AuthenticationException">The peer is not trusted, or violates TLS.</exception>
    /// <exception cref="IOException">The connection is lost.</exception>
    public static Task<TlsConnection> AcceptAsync(TcpConnection connection, TunnelCredentials own, CancellationToken cancellationToken)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = own.RecentCertificate,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                own.VerifyRecent(certificate as X509Certificate2, chain, server: false) is not null,
            ApplicationProtocols = [_protocol],
            CertificateChainPolicy = Unused(),
            AllowRenegotiation = false,
            AllowTlsResume = false,
        };
        return ShakeHandsAsync(connection, _clientEnds, stream => stream.AuthenticateAsServerAsync(options, cancellationToken));
    }

    /// <summary>Shakes hands with an instance that was dialed.</summary>
    /// <exception cref="AuthenticationException">The peer is another instance, or none of the group, or does not take such connections.</exception>
    /// <exception cref="IOException">The connection is lost.</exception>
    public static Task<TlsConnection> ConnectAsync(
        TcpConnection connection,
        TunnelCredentials own,
        string instance,
        CancellationToken cancellationToken
    )
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "",
            ApplicationProtocols = [_protocol],
            ClientCertificateContext = own.RecentCertificate, // with the intermediate certificates
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                own.VerifyRecent(certificate as X509Certificate2, chain, server: true) is { } identity && identity.Instance == instance,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = Unused(),
            AllowRenegotiation = false,
            AllowTlsResume = false,
        };
        return ShakeHandsAsync(connection, _serverEnds, stream => stream.AuthenticateAsClientAsync(options, cancellationToken));
    }

    private static async Task<TlsConnection> ShakeHandsAsync(TcpConnection connection, TlsEnds ends, Func<SslStream, Task> handshake)
    {
        var transport = connection.OpenStream() ?? throw new InvalidOperationException("The connection was read before TLS began.");
        var cipher = new CipherStream(transport, connection.Buffers);
        var stream = new SslStream(cipher);
        try
        {
            await handshake(stream);
            return stream.NegotiatedApplicationProtocol == _protocol
                ? new TlsConnection(connection, stream, cipher, Facts(stream), ends) { KeepsKeepAlive = true }
                : throw new AuthenticationException("The peer does not take tunnels that have a connection of their own.");
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static TlsFacts Facts(SslStream stream) =>
        new()
        {
            Protocol = stream.SslProtocol,
            NegotiatedCipherSuite = stream.NegotiatedCipherSuite,
            ApplicationProtocol = stream.NegotiatedApplicationProtocol.Protocol,
            IsResumed = false,
            PeerCertificate = stream.RemoteCertificate as X509Certificate2, // verified again when the authorities change
        };

    // The credentials build their own chain; that of the TLS stream is not to look for anything.
    private static X509ChainPolicy Unused() =>
        new()
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            TrustMode = X509ChainTrustMode.CustomRootTrust,
        };
}
