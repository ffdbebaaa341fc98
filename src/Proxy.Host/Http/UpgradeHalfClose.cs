using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Configuration.Routes;
using Proxy.Handover;

namespace Proxy.Host.Http;

/// <summary>
/// Lets an upgraded request go on when its client has finished sending, so that the client gets its answer, as on TCP routes. Kestrel takes the end
/// of a client's bytes for the end of the client: right for other requests, whose client has given up. A client that has closed its connection looks
/// the same; Kestrel ends its request when something is sent to it. Where nothing is, it ends after the half-close timeout of TCP routes.
/// </summary>
/// <param name="time">The clock of that timeout.</param>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "The source has no timer and needs no disposing, requests may outlive the connection; the timer is disposed with the connection."
)]
internal sealed class UpgradeHalfClose(TimeProvider time)
{
    /// <summary>How long an upgraded request goes on after the end of its client's bytes: the default of TCP routes.</summary>
    public static readonly TimeSpan Longest = new TcpRouteConfig().HalfCloseTimeout;

    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _gate = new(); // guards the fields below
    private Socket? _socket;
    private CancellationToken _reset; // of connections of TCP routes, which have no socket here
    private bool _isUpgraded;
    private long? _ended;
    private ITimer? _timer;
    private bool _isOver;

    /// <summary>Watches the connections of an endpoint.</summary>
    public static void Track(ListenOptions listen) =>
        listen.Use(next =>
        {
            var time = listen.ApplicationServices.GetRequiredService<TimeProvider>();
            return connection => new UpgradeHalfClose(time).OnConnectionAsync(connection, next);
        });

    /// <summary>Watches requests that ask for an upgrade.</summary>
    public static void Use(WebApplication app) =>
        app.Use(
            static (context, next) =>
            {
                if (
                    context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade
                    && context.Features.Get<UpgradeHalfClose>() is { } connection
                )
                {
                    context.Features.Set(connection.Notice(upgrade));
                }

                return next(context);
            }
        );

    /// <summary>Runs the rest of a connection, which sees the end of the client later if it is upgraded.</summary>
    internal async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Set(this);
        var reset = connection.Features.Get<IConnectionResetFeature>();
        _reset = reset?.ConnectionReset ?? CancellationToken.None;
        _socket = reset is null ? connection.Features.Get<IConnectionSocketFeature>()?.Socket : null;
        var transport = connection.ConnectionClosed;
        await using var ended = transport.UnsafeRegister(static self => ((UpgradeHalfClose)self!).OnEnded(), this);
        await using var gone = _reset.UnsafeRegister(static self => ((UpgradeHalfClose)self!).Look(), this);
        connection.ConnectionClosed = _closed.Token;
        try
        {
            await next(connection);
        }
        finally
        {
            connection.ConnectionClosed = transport;
            lock (_gate)
            {
                _isOver = true;
                _timer?.Dispose();
            }
        }
    }

    /// <summary>The feature of a request on the connection, which notices its upgrade.</summary>
    internal IHttpUpgradeFeature Notice(IHttpUpgradeFeature upgrade) => new NoticedUpgrade(upgrade, this);

    private void OnEnded()
    {
        lock (_gate)
        {
            _ended = time.GetTimestamp();
            if (_isUpgraded && !_isOver)
            {
                _timer = time.CreateTimer(static self => ((UpgradeHalfClose)self!).Look(), this, _look, _look);
            }
        }

        Look();
    }

    // The end of a client and that of the proxy, which aborts the connection, are the same event; but that, and a reset, also disconnect the socket, possibly later.
    private void Look()
    {
        lock (_gate)
        {
            if (_ended is not { } ended || (_isUpgraded && time.GetElapsedTime(ended) < Longest && !IsGone))
            {
                return;
            }

            _timer?.Dispose();
        }

        _closed.Cancel();
    }

    private bool IsGone => _reset.IsCancellationRequested || _socket is { Connected: false };

    private void SetUpgraded(bool isUpgraded)
    {
        lock (_gate)
        {
            _isUpgraded = isUpgraded;
        }
    }

    private sealed class NoticedUpgrade(IHttpUpgradeFeature inner, UpgradeHalfClose connection) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        // Until its answer is 101 the request is like any other, whose client may give up: clients offer upgrades that no server takes, such as h2c.
        // From then on the connection serves nothing else, and so this stays when the request has ended: of a connection that it takes for closed,
        // Kestrel drops the bytes that are not sent yet, and these may be the whole answer.
        public async Task<Stream> UpgradeAsync()
        {
            connection.SetUpgraded(true);
            try
            {
                return await inner.UpgradeAsync();
            }
            catch
            {
                connection.SetUpgraded(false);
                connection.Look(); // the client may have gone meanwhile
                throw;
            }
        }
    }
}
