using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>One client in front of a lock, from its arrival to the return of its permit. Its queue guards what is not read-only.</summary>
internal sealed class LockWaiter(ConnectionContext connection, ConnectionRecord record, long arrived)
    : IValueTaskSource<ConnectionOutcome?>,
        IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<ConnectionOutcome?> _source;
    private ConnectionOutcome? _refusal;

    public ConnectionContext Connection => connection;

    public ConnectionRecord Record => record;

    /// <summary>When it came, as a timestamp.</summary>
    public long Arrived => arrived;

    /// <summary>Its place in the queue; null once it has left.</summary>
    public LinkedListNode<LockWaiter>? Place { get; set; }

    /// <summary>How it departed while waiting, where that has not ended the wait.</summary>
    public PeerDeparture? Departed { get; set; }

    /// <summary>When it was given a permit, as a timestamp.</summary>
    public long Admitted { get; set; }

    /// <summary>Where it is served, for the status.</summary>
    public string? DestinationId { get; set; }

    /// <summary>What a permit is used for just now.</summary>
    public LockPhase Phase { get; set; }

    /// <summary>Completes with null when a permit is given, and otherwise with the reason why none is.</summary>
    public ValueTask<ConnectionOutcome?> WaitAsync() => new(this, _source.Version);

    /// <summary>Ends the wait; the client goes on where its bytes are moved.</summary>
    public void Complete(ConnectionOutcome? refusal)
    {
        _refusal = refusal;
        ConnectionWork.PostTo(connection, this);
    }

    void IThreadPoolWorkItem.Execute() => _source.SetResult(_refusal);

    ConnectionOutcome? IValueTaskSource<ConnectionOutcome?>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ConnectionOutcome?>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<ConnectionOutcome?>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _source.OnCompleted(continuation, state, token, flags);
}
