using System.Diagnostics;
using System.Net;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Listeners;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Accepts tunnels on a Kestrel of its own: windows, stream limits and rate limits apply to a whole server, and values right for tunnels
/// are wrong for web clients. Nothing else is reached through it. Where tunnels may have connections of their own, it gets its connections from
/// <see cref="TunnelPort"/>, which serves those.
/// </summary>
/// <param name="config">The section Tunnel.</param>
/// <param name="credentials">The certificates; null without TLS.</param>
/// <param name="service">Handles accepted requests.</param>
/// <param name="logging">Makes the loggers of Kestrel.</param>
/// <param name="pace">The memory of tunnels.</param>
/// <param name="listeners">Accepts the connections of a port that takes more than HTTP/2; null if it does not.</param>
internal sealed class TunnelServer(
    TunnelConfig config,
    TunnelCredentials? credentials,
    ITunnelService service,
    ILoggerFactory logging,
    TunnelPace pace,
    ListenerManager? listeners = null
) : IAsyncDisposable
{
    private static readonly TimeSpan _stopMargin = TimeSpan.FromSeconds(2);

    // The time for peers to receive the last line of the hello streams.
    private static readonly TimeSpan _farewell = TimeSpan.FromSeconds(1);

    private readonly TunnelGate _gate = new(config, credentials);
    private readonly TunnelRequests _requests = new(config, credentials is not null, service)
    {
        TakesConnections = IsShared(config, credentials, listeners),
    };

    private readonly TunnelHandover _handover = new();
    private readonly TunnelMemory _memory = new(pace.Memory);
    private WebApplication? _app;
    private TunnelPort? _port;

    /// <summary>The number of open connections of peers.</summary>
    public int Connections => _gate.Connections;

    /// <summary>The source of its memory blocks, once it has started.</summary>
    public IMemoryPoolFactory<byte> Memory => _app!.Services.GetRequiredService<IMemoryPoolFactory<byte>>();

    /// <summary>Starts to accept connections.</summary>
    /// <returns>The bound address.</returns>
    /// <exception cref="IOException">The address is in use.</exception>
    public async Task<IPEndPoint> StartAsync(CancellationToken cancellationToken)
    {
        _app = Build();
        await _app.StartAsync(cancellationToken);
        if (_requests.TakesConnections)
        {
            _port = new(config, credentials!, _gate, _requests, _handover, _memory);
            return await _port.StartAsync(listeners!, cancellationToken);
        }

        var bound = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return new IPEndPoint(IPAddress.Parse(bound.Host.Trim('[', ']')), bound.Port);
    }

    /// <summary>
    /// Refuses new tunnels and sends GOAWAY; when the open ones have drained, ends the hello streams with a line that says that this
    /// instance leaves.
    /// </summary>
    /// <param name="drained">Completes when no tunnel is open, at the latest after the drain timeout.</param>
    public async Task StopAsync(Task drained)
    {
        await _requests.DrainAsync();
        await (_port?.DisposeAsync() ?? ValueTask.CompletedTask);
        using var late = new CancellationTokenSource();
        var stopping = _app?.StopAsync(late.Token) ?? Task.CompletedTask;
        await drained;
        await _requests.LeaveAsync();
        await using var farewell = TimeProvider.System.CreateTimer(
            static late => ((CancellationTokenSource)late!).Cancel(),
            late,
            _farewell,
            Timeout.InfiniteTimeSpan
        );
        await stopping;
    }

    /// <summary>Cuts connections of peers that would not be trusted now.</summary>
    public void Review() => _gate.Review();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await (_port?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_app?.DisposeAsync() ?? ValueTask.CompletedTask);
        _requests.Dispose();
        _memory.Dispose();
    }

    private static bool IsShared(TunnelConfig config, TunnelCredentials? credentials, ListenerManager? listeners) =>
        config.Carriage != TunnelCarriage.Http2 && credentials is not null && listeners is not null;

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.AddSingleton(logging);
        // Has no listeners: a tunnel's span is that of its connection.
        builder.Services.AddSingleton(new ActivitySource(nameof(TunnelServer)));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = config.DrainTimeout + _stopMargin);
        // Before Kestrel adds its own.
        builder.Services.AddSingleton<IConnectionListenerFactory>(provider =>
            _requests.TakesConnections
                ? _handover
                : new GatedListenerFactory(
                    ActivatorUtilities.CreateInstance<SocketTransportFactory>(provider),
                    logging.CreateLogger<TunnelServer>()
                )
        );
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(Configure);
        // After Kestrel's own, since the last registration counts.
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(new TunnelMemory.Factory(pace.Memory));
        var app = builder.Build();
        app.Run(_requests.HandleAsync);
        return app;
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MinRequestBodyDataRate = null; // an idle tunnel must not be ended for sending nothing
        limits.MinResponseDataRate = null;
        limits.MaxRequestBodySize = null;
        limits.RequestHeadersTimeout = config.ConnectTimeout;
        limits.Http2.MaxStreamsPerConnection = config.MaxStreamsPerConnection;
        limits.Http2.InitialStreamWindowSize = TunnelProtocol.StreamWindow;
        limits.Http2.InitialConnectionWindowSize = TunnelProtocol.StreamWindow * config.MaxStreamsPerConnection;
        limits.Http2.KeepAlivePingDelay = TunnelProtocol.AtLeastASecond(config.PingDelay);
        limits.Http2.KeepAlivePingTimeout = TunnelProtocol.AtLeastASecond(config.PingTimeout);
        if (_requests.TakesConnections)
        {
            kestrel.Listen(_handover.EndPoint, Listen);
            return;
        }

        _ = TunnelValidator.TryParseUrl(config.Url, out _, out var addresses);
        foreach (var address in addresses)
        {
            kestrel.Listen(address.Address!, address.Port, Listen);
        }
    }

    private void Listen(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        if (!_requests.TakesConnections)
        {
            listen.Use(next => connection => _gate.GreetAsync(connection, next));
        }

        if (credentials is not null)
        {
            listen.UseHttps(Https(credentials));
        }

        listen.Use(next => connection => _gate.TrackAsync(connection, next));
        listen.Use(next => connection => pace.SlowAsync(connection, next));
    }

    private HttpsConnectionAdapterOptions Https(TunnelCredentials own) =>
        new()
        {
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, chain, _) => own.Verify(certificate, chain, server: false) is not null,
            ServerCertificateSelector = null,
            HandshakeTimeout = config.ConnectTimeout,
            SslProtocols = SslProtocols.None,
            OnAuthenticate = (_, tls) =>
            {
                tls.ServerCertificateContext = own.Certificate;
                tls.ServerCertificateSelectionCallback = null;
            },
            ServerCertificate = own.Certificate.TargetCertificate,
        };

    /// <summary>Replaces the host's reaction to signals: the surrounding program starts and stops this server.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
