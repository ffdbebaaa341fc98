namespace Proxy.Locking;

/// <summary>Lets one run of hooks go at a time, in the order in which they come, but that some go before all others.</summary>
internal sealed class HookTurn
{
    private readonly Lock _gate = new(); // guards all below
    private readonly Queue<TaskCompletionSource> _first = new();
    private readonly Queue<TaskCompletionSource> _others = new();
    private bool _isTaken;

    /// <summary>Waits for the turn, which the caller then has to give back.</summary>
    /// <param name="first">Whether it goes before those that are not.</param>
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
