using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Connections;
using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>
/// Limits the open connections of the admin address, so that no client can use up the descriptors of the host or keep others from
/// <c>/healthz</c>. When the limit is reached, the connection that has been idle longest is closed for a new one. Connections with an
/// authorized request leave some places free, so health checks always have some.
/// </summary>
internal sealed class AdminConnections : IDisposable
{
    private readonly Resources _resources;
    private readonly TimeProvider _time;

    /// <summary>The maximum number of open connections.</summary>
    public const int Max = 256;

    /// <summary>The places that connections with an authorized request leave free.</summary>
    public const int KeptForHealth = 16;

    /// <summary>The time from accept to the end of the first request's headers; a TLS handshake counts.</summary>
    public static readonly TimeSpan FirstRequest = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new(); // guards _open, _authorized and the state of each connection
    private readonly LinkedList<AdminConnection> _open = new(); // the one whose last request ended first comes first
    private int _authorized;

    /// <param name="resources">Keeps a descriptor for each free place.</param>
    /// <param name="time">The clock of <see cref="FirstRequest"/>.</param>
    public AdminConnections(Resources resources, TimeProvider time)
    {
        (_resources, _time) = (resources, time);
        resources.KeepForAdmin(Max);
    }

    /// <summary>Runs a connection until it ends.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        await using var late = _time.CreateTimer(
            static connection =>
                ((ConnectionContext)connection!).Abort(new ConnectionAbortedException("No request came in time on the admin address.")),
            connection,
            FirstRequest,
            Timeout.InfiniteTimeSpan
        );
        var entry = new AdminConnection(connection, late);
        Enter(entry);
        _resources.KeepForAdmin(-1);
        connection.Features.Set(entry);
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(entry);
            _resources.KeepForAdmin(1);
        }
    }

    /// <summary>Middleware that notes which connections have a request under way.</summary>
    public async Task TrackAsync(HttpContext context, RequestDelegate next)
    {
        var connection = context.Features.GetRequiredFeature<AdminConnection>();
        connection.Late.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (_gate)
        {
            connection.Requests++;
        }

        try
        {
            await next(context);
        }
        finally
        {
            lock (_gate)
            {
                if (--connection.Requests == 0 && connection.Place.List is not null)
                {
                    _open.Remove(connection.Place);
                    _open.AddLast(connection.Place);
                }
            }
        }
    }

    /// <summary>
    /// Middleware after authorization: a request that needs a token, and has it, makes its connection an authorized one. If there are too
    /// many of them with requests under way, the answer is 503.
    /// </summary>
    public Task AdmitAsync(HttpContext context, RequestDelegate next)
    {
        if (AdminMetadata.IsOpen(context) || TryAuthorize(context.Features.GetRequiredFeature<AdminConnection>()))
        {
            return next(context);
        }

        context.Response.Headers.Connection = "close";
        return ApiJson.WriteErrorAsync(
            context,
            StatusCodes.Status503ServiceUnavailable,
            $"{Max - KeptForHealth} connections with requests under way are open already."
        );
    }

    /// <inheritdoc />
    public void Dispose() => _resources.KeepForAdmin(-Max);

    private void Enter(AdminConnection connection)
    {
        AdminConnection? evicted = null;
        lock (_gate)
        {
            if (_open.Count >= Max)
            {
                // Authorized connections never take all places, so there is one without.
                evicted =
                    _open.FirstOrDefault(static one => one is { IsAuthorized: false, Requests: 0 })
                    ?? _open.First(static one => !one.IsAuthorized);
                Remove(evicted);
            }

            _open.AddLast(connection.Place);
        }

        evicted?.Abort();
    }

    private bool TryAuthorize(AdminConnection connection)
    {
        AdminConnection? evicted = null;
        lock (_gate)
        {
            if (connection.IsAuthorized || connection.Place.List is null)
            {
                return true;
            }

            if (_authorized >= Max - KeptForHealth)
            {
                evicted = _open.FirstOrDefault(static one => one is { IsAuthorized: true, Requests: 0 });
                if (evicted is null)
                {
                    return false;
                }

                Remove(evicted);
            }

            connection.IsAuthorized = true;
            _authorized++;
        }

        evicted?.Abort();
        return true;
    }

    private void Leave(AdminConnection connection)
    {
        lock (_gate)
        {
            Remove(connection);
        }
    }

    private void Remove(AdminConnection connection)
    {
        if (connection.Place.List is not null)
        {
            _open.Remove(connection.Place);
            _authorized -= connection.IsAuthorized ? 1 : 0;
        }
    }
}
