namespace Proxy.Diagnostics;

/// <summary>The open connections, and the sums over ended ones.</summary>
public sealed class ConnectionTracker
{
    private readonly OpenRecords _records = new(static record => record.RouteId ?? "");
    private readonly Lock _gate = new(); // guards _empty
    private TaskCompletionSource? _empty;
    private int _count;

    /// <summary>The number of open connections.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The connections that are open at present, in no particular order.</summary>
    public IEnumerable<ConnectionRecord> Open => _records.Open;

    /// <summary>Adds an accepted connection.</summary>
    /// <param name="record">The record of the connection.</param>
    public void Add(ConnectionRecord record)
    {
        Interlocked.Increment(ref _count);
        if (!_records.Add(record))
        {
            Left();
        }
    }

    /// <summary>Removes a connection that has ended.</summary>
    /// <param name="record">The record of the connection.</param>
    public void Remove(ConnectionRecord record)
    {
        if (_records.Remove(record))
        {
            Left();
        }
    }

    /// <summary>Completes when no connection is open.</summary>
    /// <returns>A task that is complete if none is open.</returns>
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

    /// <summary>Removes a connection that has ended, and adds it to the sums.</summary>
    internal void Settle(ConnectionRecord record)
    {
        if (_records.Settle(record))
        {
            Left();
        }
    }

    /// <summary>The sums over open and ended connections, by route; an empty id for connections without a route.</summary>
    internal Dictionary<string, ConnectionTotals> Totals() => _records.Totals();

    /// <summary>Removes the sums of some routes.</summary>
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
