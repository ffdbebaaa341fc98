using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>A client of a lock, from its arrival to the return of its permit. Mutable members are guarded by the queue's lock.</summary>
internal sealed class LockWaiter(ConnectionContext connection, ConnectionRecord record, long arrived)
    : IValueTaskSource<ConnectionOutcome?>,
        IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<ConnectionOutcome?> _source;
    private ConnectionOutcome? _refusal;

    public ConnectionContext Connection => connection;

    public ConnectionRecord Record => record;

    /// <summary>The timestamp of its arrival.</summary>
    public long Arrived => arrived;

    /// <summary>Its place in the queue; null once it has left the queue.</summary>
    public LinkedListNode<LockWaiter>? Place { get; set; }

    /// <summary>Its ticket from the store of permits; null if that needs none.</summary>
    public PermitTicket? Ticket { get; set; }

    /// <summary>Its fencing token; null for none.</summary>
    public long? FencingToken => Ticket?.FencingToken is { } token and not 0 ? token : null;

    /// <summary>Cancelled when its permit is lost.</summary>
    public CancellationToken Lost => Ticket?.Lost ?? CancellationToken.None;

    /// <summary>How the peer departed while waiting, if that did not end the wait.</summary>
    public PeerDeparture? Departed { get; set; }

    /// <summary>The timestamp at which it got its permit.</summary>
    public long Admitted { get; set; }

    /// <summary>The id of the destination that serves it, for the status.</summary>
    public string? DestinationId { get; set; }

    /// <summary>What its permit is used for at present.</summary>
    public LockPhase Phase { get; set; }

    /// <summary>Completes with null when it gets a permit, otherwise with the reason for the refusal.</summary>
    public ValueTask<ConnectionOutcome?> WaitAsync() => new(this, _source.Version);

    /// <summary>Ends the wait. The client continues on the thread of its connection.</summary>
    public void Complete(ConnectionOutcome? refusal)
    {
        _refusal = refusal;
        ConnectionWork.PostTo(connection, this);
    }

    /// <summary>Describes it for operators.</summary>
    /// <param name="position">Its place in the queue, from 1; 0 if it holds a permit.</param>
    /// <param name="permits">The number of permits.</param>
    /// <param name="time">The clock.</param>
    public LockClient Describe(int position, int permits, TimeProvider time) =>
        new()
        {
            ConnectionId = record.Id,
            Client = record.Client?.ToString(),
            Position = position,
            SharedPosition =
                Ticket is not { } ticket ? null
                : position == 0 ? 0
                : ticket.Rank is { } rank ? Math.Max(1, rank - permits + 1)
                : null,
            FencingToken = position > 0 ? null : FencingToken,
            Waited = position > 0 ? time.GetElapsedTime(arrived) : time.GetElapsedTime(arrived, Admitted),
            Held = position > 0 ? TimeSpan.Zero : time.GetElapsedTime(Admitted),
            Phase = position > 0 ? null : Phase,
            DestinationId = DestinationId,
        };

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
