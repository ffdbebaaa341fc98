using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections.Linux;

/// <summary>
/// A listening socket from which all loops accept. Each loop has a slot. A caller that accepts inline has one accept waiting in every slot,
/// so that a connection is accepted, handled and relayed on one thread. Errors of accept are thrown to the caller, which decides about the
/// pause.
/// </summary>
internal sealed class EpollListener : IConnectionListener, ITunableListener
{
    private readonly Socket _socket;
    private readonly LastAccepts _last;
    private readonly AcceptSlot[] _slots;
    private readonly EpollDependencies _services;
    private volatile EventLoop? _only;
    private volatile bool _mayHaveEarlier = true;

    public EpollListener(BoundSocket bound, EpollDependencies services)
    {
        var socket = bound.Socket;
        _socket = socket;
        _last = new LastAccepts(bound.Outlives);
        _services = services;
        socket.Blocking = false;
        if (socket.AddressFamily != AddressFamily.Unix)
        {
            Prepare(Number); // accepted sockets inherit the options
        }

        EndPoint = socket.LocalEndPoint!;
        _slots = [.. services.Loops.Loops.Select(loop => new AcceptSlot(this, loop, services))];
    }

    public EndPoint EndPoint { get; }

    /// <summary>
    /// Whether the queue may hold connections of the time before the socket got its options, as those for which a service manager has started the
    /// process. They do not have the options.
    /// </summary>
    public bool MayHaveEarlier => _mayHaveEarlier && EndPoint is not UnixDomainSocketEndPoint;

    /// <summary>The descriptor of the listening socket; valid between <see cref="TryEnter"/> and <see cref="Exit"/> only.</summary>
    public int Number => (int)_socket.SafeHandle.DangerousGetHandle();

    /// <summary>Whether handlers run on the loop that accepts.</summary>
    public bool IsInline { get; private set; }

    /// <summary>Whether accepting ends when the kernel's queue is empty.</summary>
    public bool IsUnbound { get; private set; }

    /// <summary>
    /// Keeps the descriptor open until <see cref="Exit"/>, for which disposing waits; false once the listener is disposed. The number of a closed descriptor is soon that of another socket,
    /// whose clients would be accepted here.
    /// </summary>
    public bool TryEnter()
    {
        var hasEntered = false;
        try
        {
            _socket.SafeHandle.DangerousAddRef(ref hasEntered);
        }
        catch (ObjectDisposedException)
        {
            // It is closed.
        }

        return hasEntered;
    }

    /// <summary>Ends a use of the descriptor.</summary>
    public void Exit() => _socket.SafeHandle.DangerousRelease();

    public int AcceptInline()
    {
        IsInline = true;
        return _slots.Length;
    }

    public void SetInOrder(bool inOrder)
    {
        if (inOrder != (_only is not null))
        {
            _only = inOrder ? _services.Loops.Next() : null;
            Array.ForEach(_slots, static slot => slot.Wake());
        }
    }

    /// <summary>Whether a loop may accept now: every loop, unless connections have to be accepted in order.</summary>
    public bool AcceptsOn(EventLoop loop) => _only is null || _only == loop;

    /// <summary>Whether another connection may be accepted; after the listener is unbound, for a limited time only.</summary>
    public bool MayAccept => _last.MayAccept;

    /// <summary>Notes that the queue was empty.</summary>
    public void FoundEmpty()
    {
        if (_mayHaveEarlier)
        {
            _mayHaveEarlier = false;
        }
    }

    /// <summary>
    /// Sets what every accepted TCP socket has: it sends at once, probes a silent peer, and is reset when the process dies, since the peer would take an end for
    /// a complete stream.
    /// </summary>
    public static void Prepare(int descriptor)
    {
        Descriptor.SendAtOnce(descriptor);
        Descriptor.SetKeepAlive(descriptor, KeepAlive.Default);
        Descriptor.ResetOnClose(descriptor, resets: true);
    }

    /// <summary>Makes the one loop that accepts in order check again.</summary>
    public void WakeOnly()
    {
        if (_only is { } only)
        {
            _slots[only.Index].Wake();
        }
    }

    /// <summary>Chooses the loop for a connection that another loop has accepted.</summary>
    public EventLoop Choose(EventLoop own) => IsUnbound || _only is not null ? own : _services.Loops.Choose(own);

    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        var own = EventLoop.Current?.Index ?? 0;
        for (var i = 0; i < _slots.Length; i++)
        {
            var slot = _slots[(own + i) % _slots.Length];
            if (slot.TryTake())
            {
                return slot.AcceptAsync(cancellationToken);
            }
        }

        throw new InvalidOperationException("There is one waiting accept per loop already.");
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _last.Begin();
        IsUnbound = true;
        Array.ForEach(_slots, static slot => slot.Wake());
        return ValueTask.CompletedTask;
    }

    // Called when no accept is under way: otherwise .NET ends listening for all processes that have the socket.
    public ValueTask DisposeAsync()
    {
        IsUnbound = true;
        Array.ForEach(_slots, static slot => slot.Dispose());
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    public void SetBacklog(int backlog) => _socket.Listen(backlog);

    public void SharePort(bool shared) => SocketOptions.SetReusePort(_socket, shared);

    public void HandOver() => SocketOptions.IgnoreNewHandshakes(_socket);

    /// <summary>Passes a connection to the loop that was chosen for it; false if that one does not accept any more.</summary>
    public bool TryHandOn(EpollConnection connection) => IsInline && _slots[connection.Loop.Index].TryEnqueue(connection);
}
