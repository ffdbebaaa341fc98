using Microsoft.Extensions.Hosting;
using Proxy.Channels;
using Proxy.Configuration;
using Proxy.Listeners;
using Proxy.Locking;
using Proxy.Routes;

namespace Proxy.Revisions;

/// <summary>Starts the first revision, has edits followed, and drains at the end. The only owner of the running revision.</summary>
internal sealed class RevisionOwner(
    Lazy<Revision> initial,
    RevisionApplier applier,
    RevisionFollower follower,
    ListenerManager listeners,
    ChannelHost channels,
    Drainer drainer,
    LockRegistry locks,
    ProxyStatus status,
    TimeProvider time
) : IHostedLifecycleService
{
    private static readonly TimeSpan _lastEnds = TimeSpan.FromSeconds(1);

    private Task _draining = Task.CompletedTask;

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await applier.StartAsync(initial.Value, cancellationToken);
        }
        catch (ApplyException exception)
        {
            throw new InvalidConfigException([follower.Explain(exception)]);
        }

        try
        {
            await channels.StartAsync(cancellationToken);
        }
        catch
        {
            await listeners.StopAsync();
            throw;
        }

        follower.Start();
    }

    /// <inheritdoc />
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow();
        status.Update(state => state with { DrainingSince = since });
        await follower.StopAsync();
        if (status.Current.Running is { } running)
        {
            await Task.Delay(running.Config.ShutdownDelay, time, CancellationToken.None);
            await listeners.StopAsync();
            _draining = Task.WhenAll(drainer.DrainAllAsync(running), channels.StopAsync());
            status.Drains(_draining);
        }
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _draining.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // A hook that takes longer than a stop may keeps its client's connection open; the connection is closed now.
        }
        finally
        {
            await locks.StopAsync(cancellationToken); // even if the drain has failed, since programs of hooks must not outlive the host
        }

        await _draining.WaitAsync(_lastEnds, time, CancellationToken.None);
    }

    /// <inheritdoc />
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
