using System.Collections.Concurrent;

namespace Proxy.Diagnostics;

/// <summary>The connections that are open now.</summary>
public sealed class ConnectionTracker
{
    private readonly ConcurrentDictionary<ConnectionRecord, byte> _open = new();
    private readonly Lock _gate = new(); // guards _empty
    private TaskCompletionSource? _empty;

    /// <summary>How many are open.</summary>
    public int Count => _open.Count;

    /// <summary>The open connections at this moment, in no order.</summary>
    /// <remarks>Takes no lock, so that nobody who connects or leaves waits for whoever reads; one that comes meanwhile may be missing.</remarks>
    public IEnumerable<ConnectionRecord> Open => _open.Select(static pair => pair.Key);

    /// <summary>Adds a connection that was accepted.</summary>
    /// <param name="record">Its record.</param>
    public void Add(ConnectionRecord record) => _open.TryAdd(record, 0);

    /// <summary>Removes a connection that has ended.</summary>
    /// <param name="record">Its record.</param>
    public void Remove(ConnectionRecord record)
    {
        _open.TryRemove(record, out _);
        lock (_gate)
        {
            if (_open.IsEmpty)
            {
                _empty?.TrySetResult();
                _empty = null;
            }
        }
    }

    /// <summary>Completes when no connection is open.</summary>
    /// <returns>A task that completes at once when none is.</returns>
    public Task WhenEmptyAsync()
    {
        lock (_gate)
        {
            if (_open.IsEmpty)
            {
                return Task.CompletedTask;
            }

            _empty ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }
}
