using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Configuration;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Dials connectors at other instances: one HTTP/2 stream each, over pooled connections of mutual TLS. Each instance at each address
/// has pools of its own under a name nobody can resolve, which stands for that address and for the certificate it has to show.
/// </summary>
internal sealed partial class TunnelConnectionFactory : IConnectionFactory, IDisposable
{
    private const string PseudoDomain = ".channels.invalid";
    private const int PlaceBytes = 16;
    private const int MostPools = 10_000; // only very many instances that come and go reach it
    private static readonly TimeSpan _connectionLifetime = TimeSpan.FromHours(1); // new certificates come into use

    private readonly TunnelConfig _config;
    private readonly TunnelCredentials? _credentials;
    private readonly string _self;
    private readonly ILogger _logger;
    private readonly TroubleFilter _troubles = new(TimeProvider.System);
    private readonly SocketsHttpHandler _handler;
    private readonly HttpMessageInvoker _invoker;
    private readonly ConcurrentDictionary<string, TunnelEndPoint> _peers = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _proven = new(StringComparer.OrdinalIgnoreCase); // by pool, where nobody was expected
    private readonly Lock _gate = new(); // guards _open
    private readonly List<(TunnelEndPoint Peer, WeakReference<SslStream> Stream)> _open = [];
    private uint _next;

    static TunnelConnectionFactory() =>
        // The client's connection window is fixed at 64 MiB. A stream's would grow to 16 MiB with its speed, and four that stall then
        // would block all others. There is no setting but the process's.
        AppContext.SetData("System.Net.SocketsHttpHandler.Http2FlowControl.MaxStreamWindowSize", TunnelProtocol.StreamWindow);

    public TunnelConnectionFactory(TunnelConfig config, TunnelCredentials? credentials, string self, ILogger? logger = null)
    {
        _logger = logger ?? NullLogger.Instance;
        _config = config;
        _credentials = credentials;
        _self = self;
        _handler = new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            ConnectTimeout = config.ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = TunnelProtocol.StreamWindow,
            KeepAlivePingDelay = TunnelProtocol.AtLeastASecond(config.PingDelay),
            KeepAlivePingTimeout = TunnelProtocol.AtLeastASecond(config.PingTimeout),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionLifetime = _connectionLifetime,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null, // the span of a tunnel is its connection's
        };
        _invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
    }

    /// <inheritdoc />
    /// <exception cref="TunnelRefusedException">The instance said no.</exception>
    /// <exception cref="HttpRequestException">It was not reached, or did not prove that it is the one.</exception>
    /// <exception cref="TimeoutException">It did not answer in time.</exception>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var peer = (TunnelEndPoint)endpoint;
        var content = new TunnelContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, Url(peer, TunnelProtocol.OpenPath + peer.Connector));
        request.Content = content;
        Describe(request, peer);
        var lifetime = new CancellationTokenSource(); // the stream's, not the request's
        HttpResponseMessage? response = null;
        try
        {
            response = await SendAsync(request, lifetime, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new TunnelRefusedException((int)response.StatusCode, Reason(response));
            }

            var input = await response.Content.ReadAsStreamAsync(lifetime.Token);
            var output = await content.Started.WaitAsync(cancellationToken);
            return new ClientTunnelConnection(response, content, input, output, lifetime) { RemoteEndPoint = peer };
        }
        catch
        {
            content.Fail();
            await lifetime.CancelAsync();
            response?.Dispose();
            lifetime.Dispose();
            throw;
        }
    }

    /// <summary>Whether the one behind an end point has proven to be this instance. Without certificates its word is taken.</summary>
    public bool IsProven(TunnelEndPoint peer, string instance) =>
        peer.Instance is { } expected
            ? expected == instance
            : _credentials is null || (_proven.TryGetValue(Pool(peer), out var proven) && proven == instance);

    /// <summary>Opens the stream on which an instance says who it is.</summary>
    public async Task<Stream> HelloAsync(TunnelEndPoint peer, CancellationToken cancellationToken)
    {
        var address = $"{peer.Address.Host}:{peer.Address.Port}";
        try
        {
            var stream = await GreetAsync(peer, cancellationToken);
            _troubles.Forget(address);
            return stream;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException)
        {
            var reason = Printable.Shorten(exception.GetBaseException().Message);
            if (_troubles.IsNews(address, reason))
            {
                Log.Silent(_logger, peer.Instance ?? "whoever", address, reason);
            }

            throw;
        }
    }

    private async Task<Stream> GreetAsync(TunnelEndPoint peer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(peer, TunnelProtocol.HelloPath));
        Describe(request, peer);
        using var lifetime = new CancellationTokenSource();
        var response = await SendAsync(request, lifetime, cancellationToken);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return await response.Content.ReadAsStreamAsync(cancellationToken);
        }

        using (response)
        {
            throw new TunnelRefusedException((int)response.StatusCode, Reason(response));
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

    public void Dispose()
    {
        _invoker.Dispose();
        _handler.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationTokenSource lifetime,
        CancellationToken cancellationToken
    )
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var limit = new CancellationTokenSource(_config.ConnectTimeout);
        await using var late = limit.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), lifetime);
        await using var given = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), lifetime);
        try
        {
            return await _invoker.SendAsync(request, lifetime.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer within {_config.ConnectTimeout.TotalSeconds} s.");
        }
    }

    private Uri Url(TunnelEndPoint peer, string path)
    {
        var host = Pool(peer);
        if (_peers.Count > MostPools)
        {
            _peers.Clear();
            _proven.Clear();
        }

        _peers[host] = peer;
        return new Uri($"{(_credentials is null ? "http" : "https")}://{host}{path}");
    }

    // Somebody unknown has one connection, so that it cannot prove to be two.
    private string Pool(TunnelEndPoint peer)
    {
        if (peer.Instance is null)
        {
            var address = $"{peer.Address.Host}-{peer.Address.Port}".Replace('.', '-').Replace(':', '-').Replace('%', '-');
            return $"{address}.whoever{PseudoDomain}";
        }

        var pool = Interlocked.Increment(ref _next) % (uint)_config.ConnectionsPerPeer;
        return string.Create(CultureInfo.InvariantCulture, $"{peer.Instance}.{Place(peer)}.{pool}{PseudoDomain}");
    }

    // One that has moved is dialled where it is now, though connections to where it was may live. A host has no case, and an id has.
    private static string Place(TunnelEndPoint peer)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"{peer.Instance}/{peer.Address.Host}:{peer.Address.Port}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(place)).AsSpan(0, PlaceBytes));
    }

    private void Describe(HttpRequestMessage request, TunnelEndPoint peer)
    {
        var epoch = peer.Epoch is { } known ? $";epoch=\"{known}\"" : "";
        if (peer.Instance is { } instance)
        {
            request.Headers.TryAddWithoutValidation(TunnelProtocol.To, $"iid=\"{instance}\"{epoch}");
        }

        request.Headers.TryAddWithoutValidation(TunnelProtocol.From, _self);
        if (peer.Port is { } port)
        {
            request.Headers.TryAddWithoutValidation(TunnelProtocol.Port, port.ToString(CultureInfo.InvariantCulture));
        }

        if (peer.ConnectionId is { } id)
        {
            request.Headers.TryAddWithoutValidation(TunnelProtocol.Connection, id);
        }

        if (peer.Trace is { } trace)
        {
            request.Headers.TryAddWithoutValidation(TunnelProtocol.Trace, TraceParent.Write(trace));
        }

        if (peer.Client is { } client)
        {
            request.Headers.TryAddWithoutValidation(TunnelProtocol.Forwarded, $"for=\"{client}\"");
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var pool = context.DnsEndPoint.Host;
        if (!_peers.TryGetValue(pool, out var peer))
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        var address = peer.Address;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host!, address.Port, cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return _credentials is { } credentials ? await SecureAsync(stream, pool, peer, credentials, cancellationToken) : stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Here rather than by the handler, whose options are those of a peer's first connection: certificates are renewed.
    private async Task<Stream> SecureAsync(
        Stream stream,
        string pool,
        TunnelEndPoint peer,
        TunnelCredentials credentials,
        CancellationToken cancellationToken
    )
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = pool,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificateContext = credentials.Certificate, // with those between it and the authority
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                credentials.Verify(certificate as X509Certificate2, chain, server: true) is { } identity
                && Prove(pool, peer, identity.Instance),
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
        if (peer.Instance is null)
        {
            _proven[pool] = instance;
            return true;
        }

        if (peer.Instance != instance && _troubles.IsNews(pool, instance))
        {
            Log.Another(_logger, $"{peer.Address.Host}:{peer.Address.Port}", instance, peer.Instance);
        }

        return peer.Instance == instance;
    }

    private bool IsTrusted(X509Certificate2? certificate, TunnelEndPoint peer) =>
        _credentials!.Review(certificate, server: true) is { } identity && (peer.Instance is null || peer.Instance == identity.Instance);

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

    private static string? Reason(HttpResponseMessage response) =>
        response.Headers.TryGetValues(TunnelProtocol.Explanation, out var values) ? string.Join(", ", values) : null;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Instance} at {Address} is no member, for it does not answer: {Reason}")]
        public static partial void Silent(ILogger logger, string instance, string address, string reason);

        [LoggerMessage(LogLevel.Warning, "At {Address} is '{Instance}', not '{Expected}'.")]
        public static partial void Another(ILogger logger, string address, string instance, string expected);
    }
}
