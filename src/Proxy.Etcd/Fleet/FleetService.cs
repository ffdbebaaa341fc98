using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Proxy.Etcd.Client;
using Proxy.Revisions;
using Proxy.Timing;

namespace Proxy.Etcd.Fleet;

/// <summary>
/// Runs what follows the fleet: what all hosts drain is known before the first client is accepted, if the engine answers; the host is registered once it
/// runs, and until it has drained.
/// </summary>
internal sealed partial class FleetService(
    IKeyStore store,
    FleetDirectory directory,
    FleetDrains drains,
    HostRegistration registration,
    ProxyStatus status,
    TimeProvider time,
    ILogger<FleetService> logger
) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private IDisposable? _looking;

    /// <inheritdoc />
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        Begin(drains.RunAsync);
        await drains.Known.WaitAsync(_patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (!drains.Known.IsCompleted)
        {
            Log.NotKnown(logger);
        }
    }

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _looking = ChangeToken.OnChange(status.WatchRunning, registration.Look);
        Begin(token => directory.RunAsync(store, logger, token));
        Begin(registration.RunAsync);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        registration.Look();
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask; // it is listed as draining until all has ended

    /// <inheritdoc />
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        using var limit = new CancellationTokenSource(_patience, time);
        await registration.RemoveAsync(limit.Token);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _looking?.Dispose();
        _stop.Dispose();
    }

    private void Begin(Func<CancellationToken, Task> work) => _running.Add(Task.Run(() => RunAsync(work)));

    // Whatever goes wrong in one of them harms neither the others nor the host, and it begins again.
    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        var pause = new Backoff(time, _firstPause, _longestPause);
        try
        {
            while (true)
            {
                try
                {
                    await work(_stop.Token);
                }
                catch (Exception exception) when (!_stop.IsCancellationRequested)
                {
                    Log.Failed(logger, exception);
                }

                await Task.Delay(pause.Fail(), time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception); // while it stops
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Fleet: the engine has not answered, so this host starts without what all hosts drain; it is drained as soon as the engine answers."
        )]
        public static partial void NotKnown(ILogger logger);

        [LoggerMessage(LogLevel.Error, "Fleet: a part of it has failed, and begins again. Please report this error.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
