using Microsoft.Extensions.Options;
using Proxy.Diagnostics;

namespace Proxy.Host.Http;

/// <summary>
/// How HTTP drains beside TCP. Kestrel stops before all other services, and the admin endpoint with it; so when TCP stops accepting,
/// HTTP does too and tells its clients to go, and Kestrel's own stop waits until no TCP connection is left to watch.
/// </summary>
internal sealed class HttpDrain(
    HttpTransport transport,
    ConnectionTracker tracker,
    ProxyStatus status,
    IOptions<HostOptions> host,
    TimeProvider time
) : IHostedLifecycleService
{
    // Of what a stop may take, the end belongs to requests that are still under way.
    private static readonly TimeSpan _requests = TimeSpan.FromSeconds(5);

    private volatile bool _hasBegun;

    /// <summary>Adds it. Services hear of a stop in reverse order: the first one after TCP has stopped accepting.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.AddSingleton<HttpDrain>();
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(static provider => provider.GetRequiredService<HttpDrain>()));
    }

    /// <summary>Answers that are made while it drains are the last of their connection (RFC 9112, 9.6).</summary>
    public static void Use(WebApplication app)
    {
        if (app.Services.GetService<HttpDrain>() is { } drain)
        {
            app.Use(drain.AnswerAsync);
        }
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _hasBegun = true;
        await transport.UnbindAsync(cancellationToken);
        var limit = host.Value.ShutdownTimeout - (status.Running?.Config.ShutdownDelay ?? TimeSpan.Zero) - _requests;
        await tracker.WhenEmptyAsync().WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        if (_hasBegun)
        {
            context.Response.Headers.Connection = "close";
        }

        return next(context);
    }
}
