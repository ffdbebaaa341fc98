namespace Proxy.Timing;

/// <summary>Wakes the one task that waits for it. Any number of calls before it wakes count as one.</summary>
internal sealed class Signal
{
    private readonly Lock _gate = new(); // guards _set
    private TaskCompletionSource _set = New();

    /// <summary>Wakes the waiting task, now or as soon as it waits.</summary>
    public void Set()
    {
        lock (_gate)
        {
            _set.TrySetResult();
        }
    }

    /// <summary>Whether it was set; resets it.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (!_set.Task.IsCompleted)
            {
                return false;
            }

            _set = New();
            return true;
        }
    }

    /// <summary>Waits until it is set, and resets it.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await Current().WaitAsync(cancellationToken);
        TryTake();
    }

    /// <summary>Waits until it is set and resets it, but not longer than a time limit.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        await Current().WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        TryTake();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task Current()
    {
        lock (_gate)
        {
            return _set.Task;
        }
    }
}
