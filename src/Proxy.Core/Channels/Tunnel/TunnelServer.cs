using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Proxy.Configuration;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Accepts tunnels, on a Kestrel of its own: windows, stream and rate limits are a server's there, and what is right for tunnels
/// would be wrong for web clients. Nothing else is reached through it.
/// </summary>
internal sealed class TunnelServer : IAsyncDisposable
{
    private const int MostSpareConnections = 32; // those that are idle, are renewed, or were lost unnoticed
    private const int MostHelloStreams = 16;

    private static readonly TimeSpan _stopMargin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _farewell = TimeSpan.FromSeconds(1); // what peers have to hear that we leave

    private readonly TunnelConfig _config;
    private readonly TunnelCredentials? _credentials;
    private readonly ITunnelService _service;
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<TunnelPeer, byte> _peers = new();
    private readonly PeerLimit _connections;
    private readonly PeerLimit _tunnels;
    private readonly PeerLimit _hellos = new(MostHelloStreams);
    private readonly GreetingLimit _greetings = new();
    private readonly CancellationTokenSource _draining = new();
    private readonly CancellationTokenSource _leaving = new();

    public TunnelServer(TunnelConfig config, TunnelCredentials? credentials, ITunnelService service, ILoggerFactory logging)
    {
        _config = config;
        _credentials = credentials;
        _service = service;
        _tunnels = new(config.MaxTunnelsPerPeer);
        _connections = new((config.MaxTunnelsPerPeer / config.MaxStreamsPerConnection) + MostSpareConnections);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.AddSingleton(logging);
        builder.Services.AddSingleton(new ActivitySource(nameof(TunnelServer))); // nobody's: the span of a tunnel is its connection's
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = config.DrainTimeout + _stopMargin);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(Configure);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, TunnelMemory.Factory>(); // the last one counts, so it comes after Kestrel's
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <summary>Connections of peers that are open.</summary>
    public int Connections => _peers.Count;

    /// <summary>Where its blocks come from.</summary>
    public IMemoryPoolFactory<byte> Memory => _app.Services.GetRequiredService<IMemoryPoolFactory<byte>>();

    /// <summary>Starts to accept.</summary>
    /// <returns>The address it is bound to.</returns>
    /// <exception cref="IOException">The address is taken.</exception>
    public async Task<IPEndPoint> StartAsync(CancellationToken cancellationToken)
    {
        await _app.StartAsync(cancellationToken);
        var bound = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return new IPEndPoint(IPAddress.Parse(bound.Host.Trim('[', ']')), bound.Port);
    }

    /// <summary>Refuses new tunnels from now on and tells peers to go elsewhere (GOAWAY); when the open ones have drained, says that we leave.</summary>
    /// <param name="drained">Completes when no tunnel is left; not later than the drain timeout.</param>
    public async Task StopAsync(Task drained)
    {
        await _draining.CancelAsync();
        using var late = new CancellationTokenSource();
        var stopping = _app.StopAsync(late.Token);
        await drained;
        await _leaving.CancelAsync();
        late.CancelAfter(_farewell);
        await stopping;
    }

    /// <summary>Cuts connections of peers that would not be let in now.</summary>
    public void Review()
    {
        foreach (var peer in _peers.Keys)
        {
            if (_credentials is not null && _credentials.Review(peer.Certificate, server: false) != peer.Identity)
            {
                peer.Cut();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _draining.Dispose();
        _leaving.Dispose();
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MinRequestBodyDataRate = null; // an idle tunnel would be ended for its silence
        limits.MinResponseDataRate = null;
        limits.MaxRequestBodySize = null;
        limits.RequestHeadersTimeout = _config.ConnectTimeout;
        limits.Http2.MaxStreamsPerConnection = _config.MaxStreamsPerConnection;
        limits.Http2.InitialStreamWindowSize = TunnelProtocol.StreamWindow;
        limits.Http2.InitialConnectionWindowSize = TunnelProtocol.StreamWindow * _config.MaxStreamsPerConnection;
        limits.Http2.KeepAlivePingDelay = TunnelProtocol.AtLeastASecond(_config.PingDelay);
        limits.Http2.KeepAlivePingTimeout = TunnelProtocol.AtLeastASecond(_config.PingTimeout);
        _ = TunnelValidator.TryParseUrl(_config.Url, out _, out var addresses);
        foreach (var address in addresses)
        {
            kestrel.Listen(address.Address!, address.Port, Listen);
        }
    }

    private void Listen(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        listen.Use(next => connection => GreetAsync(connection, next));
        if (_credentials is { } credentials)
        {
            listen.UseHttps(
                new HttpsConnectionAdapterOptions
                {
                    ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                    ClientCertificateValidation = (certificate, chain, _) =>
                        credentials.Verify(certificate, chain, server: false) is not null,
                    ServerCertificateSelector = null,
                    HandshakeTimeout = _config.ConnectTimeout,
                    SslProtocols = SslProtocols.None,
                    OnAuthenticate = (_, tls) =>
                    {
                        tls.ServerCertificateContext = credentials.Certificate;
                        tls.ServerCertificateSelectionCallback = null;
                    },
                    ServerCertificate = credentials.Certificate.TargetCertificate,
                }
            );
        }

        listen.Use(next => connection => TrackAsync(connection, next));
    }

    private async Task GreetAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (TunnelGreeting.TryBegin(_greetings, connection, _config.ConnectTimeout) is not { } greeting)
        {
            connection.Abort(new ConnectionAbortedException("Too many peers have not greeted yet."));
            return;
        }

        using (greeting)
        {
            connection.Features.Set(greeting);
            await next(connection);
        }
    }

    private async Task TrackAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        var identity = certificate is not null && TunnelIdentity.TryRead(certificate, out var read) ? read : null;
        var peer = new TunnelPeer(connection, certificate, identity);
        if (!_connections.TryEnter(peer.Name))
        {
            connection.Abort(new ConnectionAbortedException("The peer has too many connections."));
            return;
        }

        connection.Features.Set(peer);
        _peers.TryAdd(peer, 0);
        try
        {
            if (await connection.Features.Get<TunnelGreeting>()!.IsCompleteAsync(connection.Transport.Input))
            {
                await next(connection);
            }
        }
        finally
        {
            _peers.TryRemove(peer, out _);
            _connections.Leave(peer.Name);
        }
    }

    private async Task HandleAsync(HttpContext context)
    {
        var peer = context.Features.Get<TunnelPeer>()!;
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Path.Equals(TunnelProtocol.HelloPath, StringComparison.Ordinal))
        {
            await HelloAsync(context, peer);
            return;
        }

        if (!TunnelRequest.TryRead(context.Request, out var request))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var from = peer.Identity?.Instance ?? (_credentials is null ? request.From : null);
        await using var tunnel = new ServerTunnelConnection(context, request, peer, from ?? "")
        {
            Answered = status => _service.Answered(from ?? "", status),
        };
        if (from is null)
        {
            tunnel.Refuse(StatusCodes.Status401Unauthorized);
        }
        else if (request.From is { } said && said != from)
        {
            tunnel.Refuse(StatusCodes.Status403Forbidden);
        }
        else if (_draining.IsCancellationRequested)
        {
            tunnel.Refuse(StatusCodes.Status503ServiceUnavailable, "draining");
        }
        else
        {
            await ServeAsync(tunnel, from);
        }
    }

    private async Task HelloAsync(HttpContext context, TunnelPeer peer)
    {
        var from = _credentials is null ? context.Request.Headers[TunnelProtocol.From].ToString() : peer.Name;
        if (!_hellos.TryEnter(from))
        {
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return;
        }

        try
        {
            await _service.HelloAsync(context, _leaving.Token);
        }
        finally
        {
            _hellos.Leave(from);
        }
    }

    private async Task ServeAsync(ServerTunnelConnection tunnel, string from)
    {
        if (!_tunnels.TryEnter(from))
        {
            tunnel.Refuse(StatusCodes.Status429TooManyRequests, "limit");
            return;
        }

        try
        {
            await _service.ServeAsync(tunnel);
        }
        finally
        {
            _tunnels.Leave(from);
        }
    }

    /// <summary>The program's own lifetime is what starts and stops this server.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
