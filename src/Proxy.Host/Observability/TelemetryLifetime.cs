using OpenTelemetry.Logs;
using OpenTelemetry.Trace;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Observability;

/// <summary>
/// Starts the collection of metrics before all other services start, and exports remaining data after all others have stopped, within a
/// time limit. OpenTelemetry.Extensions.Hosting starts spans and log records.
/// </summary>
internal sealed partial class TelemetryLifetime(IServiceProvider services, TimeProvider time, ILogger<TelemetryLifetime> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan _flushLimit = TimeSpan.FromSeconds(3);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        services.GetRequiredService<ExportFaults>().Listen();
        services.GetRequiredService<MeterProviders>().Start();
        foreach (var problem in services.GetRequiredService<OtelVariables>().Problems())
        {
            Log.Problem(logger, problem);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Shutdown instead of ForceFlush: the disposal of a provider that is not shut down waits up to five seconds for its receiver again.
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        var limit = (int)_flushLimit.TotalMilliseconds;
        var flushing = Task.WhenAll(
            Task.Run(() => services.GetService<TracerProvider>()?.Shutdown(limit), CancellationToken.None),
            services.GetRequiredService<MeterProviders>().ShutdownAsync(limit),
            Task.Run(() => services.GetService<LoggerProvider>()?.Shutdown(limit), CancellationToken.None)
        );
        await flushing.WaitAsync(_flushLimit, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Telemetry: {Problem}")]
        public static partial void Problem(ILogger logger, string problem);
    }
}
