using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Proxy.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Opens the connections of the pools: TCP, and TLS on which both sides prove their identity. Cuts connections whose peer is not trusted
/// any more.
/// </summary>
internal sealed partial class TunnelConnector(
    TunnelPools pools,
    TunnelCredentials? credentials,
    TunnelPace pace,
    TroubleFilter troubles,
    ILogger logger
)
{
    private readonly Lock _gate = new(); // guards _open
    private readonly List<(TunnelEndPoint Peer, WeakReference<SslStream> Stream)> _open = [];

    /// <summary>Connects a pool by its name, which stands for an end point and is not resolved.</summary>
    /// <exception cref="SocketException">
    /// The address does not answer, the pool is unknown, or the descriptors that are kept for dials are in use.
    /// </exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The peer is another instance, or none of the group.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var pool = context.DnsEndPoint.Host;
        var peer = pools.Find(pool) ?? throw new SocketException((int)SocketError.HostNotFound);
        Resources.OfProcess.BeforeDial();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(peer.Address.Host!, peer.Address.Port, cancellationToken);
            var stream = pace.Slow(new NetworkStream(socket, ownsSocket: true)); // below TLS: the handler has to see the SslStream
            return credentials is null ? stream : await SecureAsync(stream, pool, peer, credentials, cancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Cuts connections to instances that would not be trusted now, with all tunnels on them.</summary>
    public void Review()
    {
        foreach (var (peer, reference) in Open())
        {
            if (reference.TryGetTarget(out var stream) && stream.CanRead && !IsTrusted(stream.RemoteCertificate as X509Certificate2, peer))
            {
                stream.Dispose();
            }
        }
    }

    // TLS is done here rather than by the handler, whose options stay those of a peer's first connection: certificates are renewed.
    private async Task<Stream> SecureAsync(
        Stream stream,
        string pool,
        TunnelEndPoint peer,
        TunnelCredentials own,
        CancellationToken cancellationToken
    )
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = pool,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificateContext = own.Certificate, // with the intermediate certificates
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                own.Verify(certificate as X509Certificate2, chain, server: true) is { } identity && Prove(pool, peer, identity.Instance),
        };
        var tls = new SslStream(stream);
        try
        {
            await tls.AuthenticateAsClientAsync(options, cancellationToken);
            Track(peer, tls);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private bool Prove(string pool, TunnelEndPoint peer, string instance)
    {
        if (pools.Prove(pool, peer, instance))
        {
            return true;
        }

        if (troubles.IsNews(pool, instance))
        {
            Log.Another(logger, $"{peer.Address.Host}:{peer.Address.Port}", instance, peer.Instance!);
        }

        return false;
    }

    private bool IsTrusted(X509Certificate2? certificate, TunnelEndPoint peer) =>
        credentials!.Review(certificate, server: true) is { } identity && (peer.Instance is null || peer.Instance == identity.Instance);

    private void Track(TunnelEndPoint peer, SslStream tls)
    {
        lock (_gate)
        {
            _open.RemoveAll(static open => !open.Stream.TryGetTarget(out var stream) || !stream.CanRead);
            _open.Add((peer, new WeakReference<SslStream>(tls)));
        }
    }

    private List<(TunnelEndPoint Peer, WeakReference<SslStream> Stream)> Open()
    {
        lock (_gate)
        {
            return [.. _open];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "The instance at {Address} is '{Instance}' and not '{Expected}', so the connection is closed; correct the address or the certificate."
        )]
        public static partial void Another(ILogger logger, string address, string instance, string expected);
    }
}
