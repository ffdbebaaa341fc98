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
    private bool _isUpgrading;
    private bool _hasEnded;

    private UpgradeHalfClose() { }

    /// <summary>Watches the connections of an endpoint.</summary>
    public static void Track(ListenOptions listen) =>
        listen.Use(static next => connection => new UpgradeHalfClose().OnConnectionAsync(connection, next));

    /// <summary>Watches requests that ask for an upgrade.</summary>
    public static void Use(WebApplication app) =>
        app.Use(
            static (context, next) =>
                context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
                && context.Features.Get<UpgradeHalfClose>() is { } connection
                    ? connection.OnRequestAsync(context, next)
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

    private async Task OnRequestAsync(HttpContext context, RequestDelegate next)
    {
        Set(isUpgrading: true);
        try
        {
            await next(context);
        }
        finally
        {
            Set(isUpgrading: false);
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

    private void Set(bool isUpgrading)
    {
        lock (_gate)
        {
            _isUpgrading = isUpgrading;
        }

        Close();
    }

    private void Close()
    {
        lock (_gate)
        {
            if (!_hasEnded || _isUpgrading)
            {
                return;
            }
        }

        _closed.Cancel();
    }
}
