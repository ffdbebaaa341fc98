namespace Proxy.Locking;

/// <summary>Lets hooks run one at a time, in the order of arrival, except that some go before all others.</summary>
internal sealed class HookTurn
{
    private readonly Lock _gate = new(); // guards all fields below
    private readonly Queue<TaskCompletionSource> _first = new();
    private readonly Queue<TaskCompletionSource> _others = new();
    private bool _isTaken;

    /// <summary>Waits for the turn, which the caller has to give back.</summary>
    /// <param name="first">Whether to go before all callers for which this is false.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task TakeAsync(bool first, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_isTaken)
            {
                _isTaken = true;
                return;
            }

            (first ? _first : _others).Enqueue(turn);
        }

        await using var cancelled = cancellationToken.UnsafeRegister((_, token) => turn.TrySetCanceled(token), null);
        await turn.Task;
    }

    public void Give()
    {
        lock (_gate)
        {
            while (_first.TryDequeue(out var next) || _others.TryDequeue(out next))
            {
                if (next.TrySetResult())
                {
                    return;
                }
            }

            _isTaken = false;
        }
    }
}
