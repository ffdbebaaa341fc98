namespace Proxy.Diagnostics;

/// <summary>The connections that are open now, and the bytes of those that were.</summary>
public sealed class ConnectionTracker
{
    private readonly OpenRecords _records = new(static record => record.RouteId ?? "");
    private readonly Lock _gate = new(); // guards _empty
    private TaskCompletionSource? _empty;
    private int _count;

    /// <summary>How many are open.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The open connections at this moment, in no order.</summary>
    public IEnumerable<ConnectionRecord> Open => _records.Open;

    /// <summary>Adds a connection that was accepted.</summary>
    /// <param name="record">Its record.</param>
    public void Add(ConnectionRecord record)
    {
        Interlocked.Increment(ref _count);
        if (!_records.Add(record))
        {
            Left();
        }
    }

    /// <summary>Removes a connection that has ended.</summary>
    /// <param name="record">Its record.</param>
    public void Remove(ConnectionRecord record)
    {
        if (_records.Remove(record))
        {
            Left();
        }
    }

    /// <summary>Completes when no connection is open.</summary>
    /// <returns>A task that completes at once when none is.</returns>
    public Task WhenEmptyAsync()
    {
        lock (_gate)
        {
            if (Count == 0)
            {
                return Task.CompletedTask;
            }

            _empty ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }

    /// <summary>Removes a connection that has ended, and counts its bytes among those of the ended.</summary>
    internal void Settle(ConnectionRecord record)
    {
        if (_records.Settle(record))
        {
            Left();
        }
    }

    /// <summary>The bytes of open and ended connections by route; empty for those that no route took.</summary>
    internal Dictionary<string, (long In, long Out)> Bytes() => _records.Bytes();

    /// <summary>Forgets the bytes of ended connections of some routes.</summary>
    internal void Forget(Predicate<string> gone) => _records.Forget(gone);

    private void Left()
    {
        if (Interlocked.Decrement(ref _count) > 0)
        {
            return;
        }

        lock (_gate)
        {
            if (Count == 0)
            {
                _empty?.TrySetResult();
                _empty = null;
            }
        }
    }
}
