using Proxy.Hooks;

namespace Proxy.Locking;

/// <summary>The hooks of one route: never two at once, whatever the number of permits. What it has counted outlives edits.</summary>
internal sealed class LockHooks(string routeId) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1); // first come, first served
    private long _activations;
    private volatile bool _afterTimeout;

    /// <summary>Activations that have succeeded.</summary>
    public long Activations => Volatile.Read(ref _activations);

    /// <summary>Runs the steps of an activation. One that fails is not counted, so that what was due is due at the next.</summary>
    public async Task<HookResult> ActivateAsync(
        LockSettings settings,
        LockWaiter waiter,
        LockedDestination destination,
        CancellationToken cancellationToken
    )
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var result = await RunAsync(settings.OnActivate, "activate", waiter, destination, Activations + 1, cancellationToken);
            if (result.Succeeded || settings.ProceedsOnHookFailure)
            {
                Interlocked.Increment(ref _activations);
                _afterTimeout = false;
            }

            return result;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Runs the steps for a client that was served for too long.</summary>
    public Task TimeoutAsync(LockSettings settings, LockWaiter waiter, LockedDestination destination, CancellationToken cancellationToken)
    {
        _afterTimeout = true; // at once: whoever is activated next, it is after this
        return RunInTurnAsync(settings.OnTimeout, "timeout", waiter, destination, cancellationToken);
    }

    /// <summary>Runs the steps for a client that has gone.</summary>
    public Task ReleaseAsync(
        LockSettings settings,
        LockWaiter waiter,
        LockedDestination destination,
        CancellationToken cancellationToken
    ) => RunInTurnAsync(settings.OnRelease, "release", waiter, destination, cancellationToken);

    public void Dispose() => _turn.Dispose();

    private async Task RunInTurnAsync(
        HookList hooks,
        string name,
        LockWaiter waiter,
        LockedDestination destination,
        CancellationToken cancellationToken
    )
    {
        if (hooks.IsEmpty)
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            await RunAsync(hooks, name, waiter, destination, Activations, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<HookResult> RunAsync(
        HookList hooks,
        string name,
        LockWaiter waiter,
        LockedDestination destination,
        long activation,
        CancellationToken cancellationToken
    )
    {
        if (hooks.IsEmpty)
        {
            return HookResult.Success;
        }

        await Task.Yield(); // they start processes and run others' code: not on an event loop
        return await hooks.RunAsync(
            new HookEvent
            {
                Name = name,
                Route = routeId,
                Destination = destination.Id,
                Address = destination.Address,
                Client = waiter.Record.Client,
                Activation = activation,
                AfterTimeout = _afterTimeout,
            },
            cancellationToken
        );
    }
}
