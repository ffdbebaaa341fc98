using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Proxy.Revisions;

namespace Proxy.Host.Http;

/// <summary>
/// Drains HTTP connections at the same time as TCP connections. Kestrel, and with it the admin endpoint, would stop before all other
/// services. Therefore HTTP listeners close together with TCP listeners, HTTP connections are asked to close, and the stop of Kestrel
/// waits until TCP and the channels have drained.
/// </summary>
internal sealed class HttpDrain(HttpTransport transport, ProxyStatus status, IOptions<HostOptions> host, TimeProvider time)
    : IHostedLifecycleService
{
    // The last part of the shutdown timeout is reserved for HTTP requests that still run when Kestrel stops.
    private static readonly TimeSpan _requests = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<ConnectionContext, byte> _open = new();

    /// <summary>The number of open HTTP connections, without those to the admin endpoint.</summary>
    public int Open => _open.Keys.Count(static connection => !AdminMark.IsOn(connection.Features));

    /// <summary>Registers the drain as the first service. Services stop in reverse order, so it is called after TCP has stopped accepting.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.AddSingleton<HttpDrain>();
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(static provider => provider.GetRequiredService<HttpDrain>()));
    }

    /// <summary>Tracks the connections of an endpoint.</summary>
    public static void AddTo(ListenOptions listen) =>
        listen.Use(next => connection => listen.ApplicationServices.GetRequiredService<HttpDrain>().OnConnectionAsync(connection, next));

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await transport.UnbindAsync(cancellationToken);
        foreach (var connection in _open.Keys.Where(static connection => !AdminMark.IsOn(connection.Features)))
        {
            // Kestrel closes idle connections, adds "Connection: close" to responses (RFC 9112, 9.6) and sends GOAWAY (RFC 9113, 6.8).
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }

        var left = host.Value.ShutdownTimeout - (time.GetUtcNow() - (status.Current.DrainingSince ?? time.GetUtcNow())) - _requests;
        if (left > TimeSpan.Zero)
        {
            await status.WhenDrainedAsync().WaitAsync(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        _open.TryAdd(connection, 0);
        try
        {
            await next(connection);
        }
        finally
        {
            _open.TryRemove(connection, out _);
        }
    }
}
