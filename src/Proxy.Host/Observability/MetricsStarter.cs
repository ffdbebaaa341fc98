using OpenTelemetry.Metrics;

namespace Proxy.Host.Observability;

/// <summary>Makes the meter provider at start, so that nothing is missed before the first scrape.</summary>
internal sealed class MetricsStarter(MeterProvider metrics) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        GC.KeepAlive(metrics);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
