using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Proxy.Host.Http;

/// <summary>
/// Lets an upgraded request go on when its client has finished sending, so that the client gets its answer, as on TCP routes. Kestrel takes the end
/// of a client's bytes for the end of the client: right for other requests, whose client has given up. A client that has closed its connection looks
/// the same; Kestrel ends its request when something is sent to it.
/// </summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "Without a timer the source needs no disposing, and requests may outlive the connection."
)]
internal sealed class UpgradeHalfClose
{
    private readonly CancellationTokenSource _closed = new();
    private volatile bool _isUpgraded;

    private UpgradeHalfClose() { }

    /// <summary>Watches the connections of an endpoint.</summary>
    public static void Track(ListenOptions listen) =>
        listen.Use(static next => connection => new UpgradeHalfClose().OnConnectionAsync(connection, next));

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
                    context.Features.Set<IHttpUpgradeFeature>(new NoticedUpgrade(upgrade, connection));
                }

                return next(context);
            }
        );

    private async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Set(this);
        var transport = connection.ConnectionClosed;
        await using var ended = transport.UnsafeRegister(static self => ((UpgradeHalfClose)self!).OnEnded(), this);
        connection.ConnectionClosed = _closed.Token;
        try
        {
            await next(connection);
        }
        finally
        {
            connection.ConnectionClosed = transport;
        }
    }

    private void OnEnded()
    {
        if (!_isUpgraded)
        {
            _closed.Cancel();
        }
    }

    private sealed class NoticedUpgrade(IHttpUpgradeFeature inner, UpgradeHalfClose connection) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        // Until its answer is 101 the request is like any other, whose client may give up: clients offer upgrades that no server takes, such as h2c.
        // From then on the connection serves nothing else, and so this stays when the request has ended: of a connection that it takes for closed,
        // Kestrel drops the bytes that are not sent yet, and these may be the whole answer.
        public Task<Stream> UpgradeAsync()
        {
            connection._isUpgraded = true;
            return inner.UpgradeAsync();
        }
    }
}
