using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Handover;

namespace Proxy.Host.Http;

/// <summary>
/// Limits the connections of one HTTP endpoint: further ones are closed at once. Kestrel's own limit would also count on the admin address, where a
/// health check has to find a place. As with Kestrel's, a connection that is upgraded, to a WebSocket as a rule, does not count any more.
/// </summary>
/// <param name="maximum">The number of connections at the same time.</param>
/// <param name="time">The clock of the pause between two warnings.</param>
/// <param name="logger">Gets a warning once in 10 s while connections are closed.</param>
internal sealed partial class HttpConnectionLimit(long maximum, TimeProvider time, ILogger logger)
{
    private const int LeastByDefault = 512; // with fewer descriptors, accepting pauses instead
    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new(); // guards _warned
    private long _count;
    private long? _warned;

    /// <summary>The limit of an endpoint.</summary>
    /// <param name="configured"><c>Kestrel:Limits:MaxConcurrentConnections</c>: null for the default, -1 for no limit.</param>
    /// <param name="resources">The descriptors, which the default depends on.</param>
    public static long? Maximum(long? configured, Resources resources) =>
        configured is { } most ? (most < 0 ? null : most)
        : resources.Clients is { } clients ? Math.Max(clients, LeastByDefault)
        : null;

    /// <summary>Adds the limit to an endpoint, unless that is the admin address.</summary>
    public static void AddTo(ListenOptions listen, long? maximum)
    {
        if (maximum is { } most && listen.EndPoint is not (AdminAddress or HandoverEndPoint))
        {
            Add(listen, Create(listen.ApplicationServices, most));
        }
    }

    /// <summary>Adds one limit to the endpoints for connections of TCP routes, which count together. Their descriptors are those of TCP, so there is no default.</summary>
    public static Action<ListenOptions> ForHandover(IServiceProvider services, long? configured)
    {
        var limit = configured is { } most and >= 0 ? Create(services, most) : null;
        return listen =>
        {
            if (limit is not null && listen.EndPoint is HandoverEndPoint)
            {
                Add(listen, limit);
            }
        };
    }

    private static HttpConnectionLimit Create(IServiceProvider services, long most) =>
        ActivatorUtilities.CreateInstance<HttpConnectionLimit>(services, most, services.GetRequiredService<ILogger<HttpConnectionLimit>>());

    private static void Add(ListenOptions listen, HttpConnectionLimit limit) =>
        listen.Use(next => connection => limit.OnConnectionAsync(connection, next));

    /// <summary>Adds the middleware that notices upgrades.</summary>
    public static void NoticeUpgrades(IApplicationBuilder app) =>
        app.Use(
            static (context, next) =>
            {
                if (
                    context.Features.Get<Place>() is { } place
                    && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade
                )
                {
                    context.Features.Set<IHttpUpgradeFeature>(new NoticedUpgrade(upgrade, place));
                }

                return next(context);
            }
        );

    /// <summary>Runs a connection until it ends, or closes it if the maximum is reached.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (Interlocked.Increment(ref _count) > maximum)
        {
            Interlocked.Decrement(ref _count);
            Warn(connection);
            connection.Features.Get<ConnectionRecord>()?.Close(ConnectionOutcome.LimitExceeded); // that of a TCP route
            await connection.DisposeAsync();
            return;
        }

        var place = new Place(this);
        connection.Features.Set(place);
        try
        {
            await next(connection);
        }
        finally
        {
            place.End();
        }
    }

    private void Warn(ConnectionContext connection)
    {
        lock (_gate)
        {
            if (_warned is { } warned && time.GetElapsedTime(warned) < _quiet)
            {
                return;
            }

            _warned = time.GetTimestamp();
        }

        Log.Closed(logger, connection.LocalEndPoint, maximum);
    }

    /// <summary>A connection that counts.</summary>
    private sealed class Place(HttpConnectionLimit limit)
    {
        private const int Taken = 0;
        private const int GivenBack = 1;
        private const int Ended = 2;
        private int _state; // Taken at first

        /// <summary>Does not count it any more; false if it did not count.</summary>
        public bool GiveBack()
        {
            var counted = Interlocked.CompareExchange(ref _state, GivenBack, Taken) == Taken;
            if (counted)
            {
                Interlocked.Decrement(ref limit._count);
            }

            return counted;
        }

        /// <summary>Counts it again, unless it has ended.</summary>
        public void TakeAgain()
        {
            Interlocked.Increment(ref limit._count); // first: once it is taken, its end may decrement
            if (Interlocked.CompareExchange(ref _state, Taken, GivenBack) != GivenBack)
            {
                Interlocked.Decrement(ref limit._count);
            }
        }

        public void End()
        {
            if (Interlocked.Exchange(ref _state, Ended) == Taken)
            {
                Interlocked.Decrement(ref limit._count);
            }
        }
    }

    private sealed class NoticedUpgrade(IHttpUpgradeFeature inner, Place place) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        // As Kestrel does with its own count, before the answer is sent: a client that has it may open the next connection at once.
        public async Task<Stream> UpgradeAsync()
        {
            var counted = place.GiveBack();
            try
            {
                return await inner.UpgradeAsync();
            }
            catch when (counted)
            {
                place.TakeAgain();
                throw;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "HTTP endpoint {Endpoint} has {Maximum} connections, so further ones are closed (Kestrel:Limits:MaxConcurrentConnections)."
        )]
        public static partial void Closed(ILogger logger, System.Net.EndPoint? endpoint, long maximum);
    }
}
