using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Proxy.Channels.Tunnel;

/// <summary>Opens the connections of pools: TCP, and TLS on which both sides prove which instance they are. Cuts those that are not trusted any more.</summary>
internal sealed partial class TunnelConnector(TunnelPools pools, TunnelCredentials? credentials, TroubleFilter troubles, ILogger logger)
{
    private readonly Lock _gate = new(); // guards _open
    private readonly List<(TunnelEndPoint Peer, WeakReference<SslStream> Stream)> _open = [];

    /// <summary>Connects a pool, whose name the handler has not resolved.</summary>
    /// <exception cref="SocketException">The address does not answer, or the pool is unknown.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">Another instance, or none, answers there.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var pool = context.DnsEndPoint.Host;
        var peer = pools.Find(pool) ?? throw new SocketException((int)SocketError.HostNotFound);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(peer.Address.Host!, peer.Address.Port, cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return credentials is null ? stream : await SecureAsync(stream, pool, peer, credentials, cancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Cuts connections to instances that would not be trusted now, and all tunnels on them.</summary>
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

    // Here rather than by the handler, whose options are those of a peer's first connection: certificates are renewed.
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
            ClientCertificateContext = own.Certificate, // with those between it and the authority
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
        [LoggerMessage(LogLevel.Warning, "At {Address} is '{Instance}', not '{Expected}'.")]
        public static partial void Another(ILogger logger, string address, string instance, string expected);
    }
}
