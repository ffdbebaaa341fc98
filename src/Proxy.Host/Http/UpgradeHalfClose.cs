using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Proxy.Host.Http;

/// <summary>
/// Lets an upgraded request go on when its client has finished sending, so that the client gets its answer, as on TCP routes. Kestrel takes the end
/// of a client's bytes for the end of the client: right for other requests, whose client has given up.
/// </summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "Without a timer the source needs no disposing, and requests may outlive the connection."
)]
internal sealed class UpgradeHalfClose
{
    private readonly Lock _gate = new(); // guards the fields below
    private readonly CancellationTokenSource _closed = new();
    private bool _isUpgraded;
    private bool _hasEnded;

    private UpgradeHalfClose() { }

    /// <summary>Watches the connections of an endpoint.</summary>
    public static void Track(ListenOptions listen) =>
        listen.Use(static next => connection => new UpgradeHalfClose().OnConnectionAsync(connection, next));

    /// <summary>Watches requests that ask for an upgrade.</summary>
    public static void Use(WebApplication app) =>
        app.Use(
            static (context, next) =>
                context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade
                && context.Features.Get<UpgradeHalfClose>() is { } connection
                    ? connection.OnRequestAsync(context, upgrade, next)
                    : next(context)
        );

    private async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Set(this);
        var transport = connection.ConnectionClosed;
        await using var ended = transport.UnsafeRegister(static self => ((UpgradeHalfClose)self!).OnEnded(), this);
        connection.ConnectionClosed = _closed.Token;
        await next(connection);
    }

    // Until its answer is 101 the request is like any other, whose client may give up: clients offer upgrades that no server takes, such as h2c.
    private async Task OnRequestAsync(HttpContext context, IHttpUpgradeFeature upgrade, RequestDelegate next)
    {
        context.Features.Set<IHttpUpgradeFeature>(new NoticedUpgrade(upgrade, this));
        try
        {
            await next(context);
        }
        finally
        {
            Set(isUpgraded: false);
        }
    }

    private void OnEnded()
    {
        lock (_gate)
        {
            _hasEnded = true;
        }

        Close();
    }

    private void Set(bool isUpgraded)
    {
        lock (_gate)
        {
            _isUpgraded = isUpgraded;
        }

        Close();
    }

    private void Close()
    {
        lock (_gate)
        {
            if (!_hasEnded || _isUpgraded)
            {
                return;
            }
        }

        _closed.Cancel();
    }

    private sealed class NoticedUpgrade(IHttpUpgradeFeature inner, UpgradeHalfClose connection) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public Task<Stream> UpgradeAsync()
        {
            connection.Set(isUpgraded: true);
            return inner.UpgradeAsync();
        }
    }
}
