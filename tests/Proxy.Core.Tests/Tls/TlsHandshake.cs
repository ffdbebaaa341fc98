using System.Net.Security;
using System.Security.Authentication;
using Proxy.Connections;
using Proxy.Tls;

namespace Proxy.Core.Tests.Tls;

/// <summary>Handshakes of the proxy's side and of its peers, without any of the proxy's own termination and origination.</summary>
internal static class TlsHandshake
{
    /// <summary>Ours, towards a client.</summary>
    public static async Task<TlsConnection> AcceptAsync(TcpConnection transport, SslProtocols version, bool requiresCloseNotify = true)
    {
        var cipher = new CipherStream(transport.OpenStream()!, transport.Buffers);
        var stream = new SslStream(cipher);
        await stream
            .AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = SelfSigned.Certificate, EnabledSslProtocols = version }
            )
            .ConfigureAwait(false);
        return new(transport, stream, cipher, Facts(stream), new(TlsSide.Client, requiresCloseNotify));
    }

    /// <summary>Ours, towards an upstream.</summary>
    public static async Task<TlsConnection> ConnectAsync(TcpConnection transport, SslProtocols version, bool requiresCloseNotify = true)
    {
        var cipher = new CipherStream(transport.OpenStream()!, transport.Buffers);
        var stream = new SslStream(cipher);
        await stream.AuthenticateAsClientAsync(Client(version)).ConfigureAwait(false);
        return new(transport, stream, cipher, Facts(stream), new(TlsSide.Upstream, requiresCloseNotify));
    }

    public static SslClientAuthenticationOptions Client(SslProtocols version) =>
        new()
        {
            TargetHost = "localhost",
            EnabledSslProtocols = version,
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        };

    private static TlsFacts Facts(SslStream stream) =>
        new() { Protocol = stream.SslProtocol, NegotiatedCipherSuite = stream.NegotiatedCipherSuite };
}
