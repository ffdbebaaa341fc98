using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>
/// A socket that an event loop watches. Tracks the users of its descriptor, and closes it when the last one is done. Thread-safe.
/// </summary>
internal abstract class EpollSocket : TcpConnection, IEventHandler, IConnectionSocketFeature
{
    private const uint Watched = Libc.EpollIn | Libc.EpollPriority | Libc.EpollOut | Libc.EpollRdHup | Libc.EpollEdge;

    private const int SmallestSegment = 512; // bytes; every TCP takes so many at once

    private readonly bool _isAccepted;
    private EventLoop _loop;
    private EndPoint? _local;
    private EndPoint? _remote;
    private Socket? _socket;
    private int _uses = 1; // one for the owner; the last one to exit closes the descriptor
    private int _closing;
    private volatile bool _resets;
    private volatile bool _hasEndedSending;
    private bool _sendsAtOnce;
    private bool _hasSent;

    /// <param name="descriptor">A non-blocking socket, reset when the process dies; an accepted one also sends at once.</param>
    /// <param name="loop">The loop that watches it.</param>
    /// <param name="remote">The address of the peer; null for a unix socket without one.</param>
    /// <param name="isAccepted">Whether it was accepted rather than dialed.</param>
    protected EpollSocket(int descriptor, EventLoop loop, EndPoint? remote, bool isAccepted)
    {
        Number = descriptor;
        _loop = loop;
        _remote = remote;
        IsUnix = remote is null or UnixDomainSocketEndPoint;
        _isAccepted = isAccepted;
        _sendsAtOnce = isAccepted || IsUnix;
        if (isAccepted)
        {
            loop.CountConnection(1);
        }
    }

    /// <summary>The descriptor; valid between <see cref="TryEnter"/> and <see cref="Exit"/> only.</summary>
    public int Number { get; }

    public EventLoop Loop => Volatile.Read(ref _loop);

    /// <summary>Whether it was closed or aborted.</summary>
    public bool IsClosing => Volatile.Read(ref _closing) != 0;

    public override EndPoint? LocalEndPoint
    {
        get => _local ??= ReadName(local: true);
        set => _local = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _remote ??= ReadName(local: false);
        set => _remote = value;
    }

    /// <inheritdoc />
    Socket IConnectionSocketFeature.Socket => _socket ??= new Socket(new SafeSocketHandle(Number, ownsHandle: false));

    /// <summary>Starts to watch the socket.</summary>
    public void Register() => _loop.Add(Number, Watched, this);

    /// <summary>Moves the socket to another loop. No operation may wait for it meanwhile.</summary>
    public void MoveTo(EventLoop loop)
    {
        var old = _loop;
        old.Remove(Number, ((IEventHandler)this).Registration);
        ((IEventHandler)this).Registration = EventTable.None; // if the move fails, the number must not name a handler of the other loop
        Volatile.Write(ref _loop, loop);
        loop.Add(Number, Watched, this);
    }

    /// <inheritdoc />
    public override string ToString() => $"the connection {(_isAccepted ? "from" : "to")} {_remote?.ToString() ?? "a unix socket"}";

    /// <inheritdoc />
    public abstract void OnEvents(EventLoop loop, uint events);

    /// <summary>Keeps the descriptor open until <see cref="Exit"/>; false if it is closed or about to be.</summary>
    public bool TryEnter()
    {
        var uses = Volatile.Read(ref _uses);
        while (uses > 0 && Volatile.Read(ref _closing) == 0)
        {
            var seen = Interlocked.CompareExchange(ref _uses, uses + 1, uses);
            if (seen == uses)
            {
                return true;
            }

            uses = seen;
        }

        return false;
    }

    public void Exit()
    {
        if (Interlocked.Decrement(ref _uses) == 0)
        {
            CloseDescriptor();
        }
    }

    /// <summary>
    /// Called before bytes are sent, between <see cref="TryEnter"/> and <see cref="Exit"/>, by one sender at a time. The kernel delays only small writes that
    /// follow unacknowledged bytes, so a dialed connection to which one small message is sent, as many are, needs no option.
    /// </summary>
    /// <param name="count">The number of bytes.</param>
    public void BeforeSend(int count)
    {
        if (!_sendsAtOnce)
        {
            _sendsAtOnce = _hasSent || count > SmallestSegment;
            _hasSent = true;
            if (_sendsAtOnce)
            {
                Descriptor.SendAtOnce(Number);
            }
        }
    }

    /// <summary>Closes with RST, which a unix socket does not have: its peer reads an end.</summary>
    public void Reset()
    {
        _resets = true;
        Close();
    }

    public override void Abort(ConnectionAbortedException abortReason) => Reset();

    /// <summary>Closes with FIN, or with RST if a reset was requested.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0)
        {
            return;
        }

        Interlocked.MemoryBarrier();
        OnClosing();
        Exit();
        WakeAll();
        OnClosed();
    }

    public override void SetKeepAlive(KeepAlive keepAlive)
    {
        // An accepted socket inherits the options of its listener. A peer on this host needs no probes, since the local kernel answers
        // them.
        if (IsUnix || (_isAccepted ? keepAlive == KeepAlive.Default : IsLocal) || !TryEnter())
        {
            return;
        }

        Descriptor.SetKeepAlive(Number, keepAlive);
        Exit();
    }

    public override void EndSending()
    {
        if (TryEnter())
        {
            _hasEndedSending = true;
            Descriptor.ShutdownSend(Number);
            Exit();
        }
    }

    public override SendQueue SendQueue
    {
        get
        {
            if (!TryEnter())
            {
                return new(IsEmpty: true, 0);
            }

            var queue = new SendQueue(Descriptor.Unsent(Number) == 0, Descriptor.Delivered(Number));
            Exit();
            return queue;
        }
    }

    /// <summary>Reads and clears the socket's error; 0 for none.</summary>
    public int TakeError()
    {
        if (!TryEnter())
        {
            return Errno.Aborted;
        }

        var error = Descriptor.Error(Number);
        Exit();
        return error;
    }

    /// <summary>The number of bytes that were received and not read; 0 once it is closed.</summary>
    protected int Unread()
    {
        if (!TryEnter())
        {
            return 0;
        }

        var unread = Descriptor.Unread(Number);
        Exit();
        return unread;
    }

    /// <summary>
    /// Whether the kernel has closed the connection and this side has not ended it, which is a reset. Asks the kernel; between <see cref="TryEnter"/> and
    /// <see cref="Exit"/> only.
    /// </summary>
    protected bool IsLost => Descriptor.IsClosed(Number) && !_hasEndedSending; // in this order, since the other direction may end it just now

    protected bool IsUnix { get; }

    ulong IEventHandler.Registration { get; set; }

    /// <summary>Called when the socket is about to close: all code that uses the descriptor has to stop.</summary>
    protected abstract void OnClosing();

    /// <summary>Makes every waiting operation check the socket again.</summary>
    protected abstract void WakeAll();

    private bool IsLocal => _remote is IPEndPoint { Address: var address } && IPAddress.IsLoopback(address);

    private void CloseDescriptor()
    {
        var loop = Loop;
        loop.Forget(((IEventHandler)this).Registration);
        if (_isAccepted)
        {
            loop.CountConnection(-1);
        }

        if (_resets)
        {
            SocketReset.Send(Number, IsUnix);
        }
        else if (!IsUnix)
        {
            Descriptor.ResetOnClose(Number, resets: false); // otherwise the kernel would discard bytes that are not sent yet
        }

        Descriptor.Close(Number);
    }

    private EndPoint? ReadName(bool local)
    {
        if (!TryEnter())
        {
            return null;
        }

        var name = Descriptor.Name(Number, local);
        Exit();
        return name;
    }
}
