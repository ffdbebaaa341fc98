using Proxy.Diagnostics;
using Proxy.Hooks;

namespace Proxy.Locking;

/// <summary>The hooks of one route, which never run two at a time, whatever the number of permits. Its counters survive edits.</summary>
internal sealed class LockHooks(string routeId, TimeProvider time)
{
    private readonly FailureRun _activate = new(time);
    private readonly FailureRun _timeout = new(time);
    private readonly FailureRun _release = new(time);
    private readonly HookTurn _turn = new();
    private long _activations;
    private long _timeouts;
    private long _answered; // timeouts before the last successful activation; used only in turn

    /// <summary>The number of activations that have succeeded.</summary>
    public long Activations => Volatile.Read(ref _activations);

    /// <summary>The runs of one event's steps that failed since the last one that succeeded; null if there are none.</summary>
    public Failures? Failures => _activate.Current ?? _timeout.Current ?? _release.Current;

    /// <summary>Forgets the failures of events which have no steps any more.</summary>
    public void Apply(LockSettings settings)
    {
        EndIfEmpty(settings.OnActivate, _activate);
        EndIfEmpty(settings.OnTimeout, _timeout);
        EndIfEmpty(settings.OnRelease, _release);
    }

    /// <summary>Runs the steps of an activation. A failed one is not counted, so that the steps which were due are due again.</summary>
    public async Task<HookResult> ActivateAsync(
        LockSettings settings,
        LockWaiter waiter,
        LockedDestination destination,
        CancellationToken cancellationToken
    )
    {
        await _turn.TakeAsync(first: false, cancellationToken);
        try
        {
            var timeouts = Volatile.Read(ref _timeouts); // a timeout that happens meanwhile counts for the next activation
            var result = await RunAsync(settings.OnActivate, "activate", waiter, destination, Activations + 1, cancellationToken);
            if (result.Succeeded || settings.ProceedsOnHookFailure)
            {
                Interlocked.Increment(ref _activations);
                _answered = timeouts;
            }

            return result;
        }
        finally
        {
            _turn.Give();
        }
    }

    /// <summary>Runs the steps for a client whose time to be served is over.</summary>
    public Task TimeoutAsync(LockSettings settings, LockWaiter waiter, LockedDestination destination, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _timeouts); // before the steps run, so that the next activation knows of this timeout
        return RunInTurnAsync(settings.OnTimeout, "timeout", first: true, waiter, destination, cancellationToken);
    }

    /// <summary>Runs the steps for a client that has left.</summary>
    public Task ReleaseAsync(
        LockSettings settings,
        LockWaiter waiter,
        LockedDestination destination,
        CancellationToken cancellationToken
    ) => RunInTurnAsync(settings.OnRelease, "release", first: false, waiter, destination, cancellationToken);

    private async Task RunInTurnAsync(
        HookList hooks,
        string name,
        bool first,
        LockWaiter waiter,
        LockedDestination destination,
        CancellationToken cancellationToken
    )
    {
        if (hooks.IsEmpty)
        {
            RunOf(name).Succeeded(); // of a run that ended after the edit which removed the steps
            return;
        }

        await _turn.TakeAsync(first, cancellationToken);
        try
        {
            await RunAsync(hooks, name, waiter, destination, Activations, cancellationToken);
        }
        finally
        {
            _turn.Give();
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
            RunOf(name).Succeeded();
            return HookResult.Success;
        }

        await Task.Yield(); // off the event loop, since steps start processes and run application code
        var result = await hooks.RunAsync(
            new HookEvent
            {
                Name = name,
                Route = routeId,
                Destination = destination.Id,
                Address = destination.Address,
                Client = waiter.Record.Client,
                Activation = activation,
                AfterTimeout = Volatile.Read(ref _timeouts) > _answered,
                FencingToken = waiter.FencingToken,
            },
            cancellationToken
        );
        Note(name, result);
        return result;
    }

    private void Note(string name, HookResult result)
    {
        var run = RunOf(name);
        if (result.Succeeded)
        {
            run.Succeeded();
        }
        else
        {
            run.Failed(result.Reason);
        }
    }

    private FailureRun RunOf(string name) =>
        name == "activate" ? _activate
        : name == "timeout" ? _timeout
        : _release;

    private static void EndIfEmpty(HookList hooks, FailureRun run)
    {
        if (hooks.IsEmpty)
        {
            run.Succeeded();
        }
    }
}
