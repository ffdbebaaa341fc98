using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Dials connectors at other instances with mutual TLS: a tunnel is a stream of a pooled HTTP/2 connection, or has a connection of its own.
/// </summary>
internal sealed partial class TunnelConnectionFactory : IConnectionFactory, IDisposable
{
    private const string StreamWindowSetting = "System.Net.SocketsHttpHandler.Http2FlowControl.MaxStreamWindowSize";
    private static readonly TimeSpan _connectionLifetime = TimeSpan.FromHours(1); // so that renewed certificates come into use

    private readonly TunnelConfig _config;
    private readonly string _self;
    private readonly string _scheme;
    private readonly ILogger _logger;
    private readonly TroubleFilter _troubles = new(TimeProvider.System);
    private readonly TunnelMemory _memory;
    private readonly TunnelPools _pools;
    private readonly TunnelConnector _connector;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpMessageInvoker _invoker;

    public TunnelConnectionFactory(
        TunnelConfig config,
        TunnelCredentials? credentials,
        string self,
        TunnelPace pace,
        ILogger? logger = null,
        IConnectionFactory? dialer = null
    )
    {
        if (config.Url is not null)
        {
            // The client's connection window is fixed at 64 MiB. A stream's window would grow up to 16 MiB, so that four stalled streams
            // would block all others. The only setting is one of the whole process, which is not touched unless a tunnel is used.
            AppContext.SetData(StreamWindowSetting, TunnelProtocol.StreamWindow);
        }

        _config = config;
        _self = self;
        _scheme = credentials is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        _logger = logger ?? NullLogger.Instance;
        _memory = new TunnelMemory(pace.Memory);
        _pools = new TunnelPools(config.ConnectionsPerPeer);
        _connector = new TunnelConnector(_pools, credentials, pace, _troubles, _logger);
        _handler = new SocketsHttpHandler
        {
            ConnectCallback = _connector.ConnectAsync,
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
            ActivityHeadersPropagator = null, // tunnels get their trace header from the connection's span
        };
        _invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
        Connections =
            config.Carriage != TunnelCarriage.Http2 && credentials is not null && dialer is not null
                ? new(config, credentials, dialer, TimeProvider.System)
                : null;
    }

    /// <summary>The tunnels that have connections of their own; null if none may.</summary>
    public TunnelConnections? Connections { get; }

    /// <inheritdoc cref="OpenAsync" />
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        await OpenAsync((TunnelEndPoint)endpoint, cancellationToken);

    /// <summary>Opens a tunnel.</summary>
    /// <exception cref="TunnelRefusedException">The instance refused it.</exception>
    /// <exception cref="HttpRequestException">The instance could not be reached, or did not prove its identity.</exception>
    /// <exception cref="TimeoutException">The instance did not answer in time.</exception>
    public Task<ConnectionContext> OpenAsync(TunnelEndPoint peer, CancellationToken cancellationToken) =>
        Connections is null ? OpenStreamAsync(peer, cancellationToken) : OpenAnyAsync(Connections, peer, cancellationToken);

    private async Task<ConnectionContext> OpenAnyAsync(
        TunnelConnections connections,
        TunnelEndPoint peer,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(_config.ConnectTimeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (await connections.OpenAsync(peer, _self, either.Token) is { } connection)
            {
                return connection;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            connections.Drop(peer);
            throw Late();
        }

        try
        {
            return await OpenStreamAsync(peer, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or TimeoutException)
        {
            connections.Drop(peer);
            throw;
        }
    }

    private async Task<ConnectionContext> OpenStreamAsync(TunnelEndPoint peer, CancellationToken cancellationToken)
    {
        var content = new TunnelContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, Url(peer, TunnelProtocol.OpenPath + peer.Connector));
        request.Content = content;
        Describe(request, peer);
        var lifetime = new CancellationTokenSource(); // ends with the stream, not with the request
        HttpResponseMessage? response = null;
        try
        {
            response = await SendAsync(request, lifetime, cancellationToken);
            Connections?.Learn(peer, TakesConnections(response));
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new TunnelRefusedException((int)response.StatusCode, Reason(response));
            }

            var input = await response.Content.ReadAsStreamAsync(lifetime.Token);
            var output = await content.Started.WaitAsync(cancellationToken);
            return new ClientTunnelConnection(response, content, input, output, _memory, lifetime) { RemoteEndPoint = peer };
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

    /// <summary>Whether the instance at an end point has proven this id. Without certificates the id that it names is trusted.</summary>
    public bool IsProven(TunnelEndPoint peer, string instance) =>
        (peer.Instance is null && _scheme == Uri.UriSchemeHttp) || _pools.IsProven(peer, instance);

    /// <summary>Opens the hello stream on which an instance publishes its record.</summary>
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
                Log.Silent(_logger, peer.Instance ?? "an instance", address, reason);
            }

            throw;
        }
    }

    /// <summary>Cuts connections to instances that would not be trusted now, with all tunnels on them.</summary>
    public void Review()
    {
        _connector.Review();
        Connections?.Review();
    }

    /// <summary>Closes what is ready for tunnels to come, because this instance has another certificate.</summary>
    public void Renew() => Connections?.Renew();

    /// <inheritdoc />
    public void Dispose()
    {
        Connections?.Dispose();
        _invoker.Dispose();
        _handler.Dispose();
        _memory.Dispose();
    }

    private async Task<Stream> GreetAsync(TunnelEndPoint peer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(peer, TunnelProtocol.HelloPath));
        Describe(request, peer);
        using var lifetime = new CancellationTokenSource();
        var response = await SendAsync(request, lifetime, cancellationToken);
        Connections?.Learn(peer, TakesConnections(response));
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return await response.Content.ReadAsStreamAsync(cancellationToken);
        }

        using (response)
        {
            throw new TunnelRefusedException((int)response.StatusCode, Reason(response));
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationTokenSource lifetime,
        CancellationToken cancellationToken
    )
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var limit = new CancellationTokenSource(_config.ConnectTimeout, TimeProvider.System);
        await using var late = limit.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), lifetime);
        await using var given = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), lifetime);
        try
        {
            return await _invoker.SendAsync(request, lifetime.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Late();
        }
    }

    private TimeoutException Late() => new($"No answer within {_config.ConnectTimeout.TotalSeconds} s.");

    private static bool TakesConnections(HttpResponseMessage response) =>
        response.Headers.TryGetValues(TunnelProtocol.Carriage, out var values) && values.Contains(TunnelProtocol.ConnectionProtocol);

    private Uri Url(TunnelEndPoint peer, string path) => new($"{_scheme}://{_pools.For(peer)}{path}");

    private void Describe(HttpRequestMessage request, TunnelEndPoint peer)
    {
        var epoch = peer.Epoch is { } known ? $";epoch=\"{known}\"" : "";
        Add(request, TunnelProtocol.To, peer.Instance is { } instance ? $"iid=\"{instance}\"{epoch}" : null);
        Add(request, TunnelProtocol.From, _self);
        Add(request, TunnelProtocol.Port, peer.Port?.ToString(CultureInfo.InvariantCulture));
        Add(request, TunnelProtocol.Connection, peer.ConnectionId);
        Add(request, TunnelProtocol.Trace, peer.Trace is { } trace ? TraceParent.Write(trace) : null);
        Add(request, TunnelProtocol.Forwarded, peer.Client is { } client ? $"for=\"{client}\"" : null);
    }

    private static void Add(HttpRequestMessage request, string header, string? value)
    {
        if (value is not null)
        {
            request.Headers.TryAddWithoutValidation(header, value);
        }
    }

    private static string? Reason(HttpResponseMessage response) =>
        response.Headers.TryGetValues(TunnelProtocol.Explanation, out var values) ? string.Join(", ", values) : null;

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "{Instance} at {Address} does not answer and is not a member until it does; it is tried again: {Reason}"
        )]
        public static partial void Silent(ILogger logger, string instance, string address, string reason);
    }
}
