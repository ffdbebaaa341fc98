using Microsoft.Extensions.Hosting;
using Proxy.Engine;
using Proxy.Etcd.Client;

namespace Proxy.Etcd;

/// <summary>Connects the engine before anything else starts, and leaves it after everything else has stopped.</summary>
internal sealed class EtcdEngineService(EtcdClient client, EngineMetrics metrics) : IHostedLifecycleService
{
    /// <inheritdoc />
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        client.Health.Metrics ??= metrics; // a client that is older than the host has none
        metrics.Observe(client);
        client.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoppedAsync(CancellationToken cancellationToken) => client.DisposeAsync().AsTask(); // the lease with all keys of this host ends here
}
