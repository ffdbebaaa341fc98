using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>A socket that an event loop watches: what may use its descriptor and for how long, and how it is closed. Any thread may call it.</summary>
internal abstract class EpollSocket : TcpConnection, IEventHandler, IConnectionSocketFeature
{
    private const uint Watched = Libc.EpollIn | Libc.EpollPriority | Libc.EpollOut | Libc.EpollRdHup | Libc.EpollEdge;

    private readonly bool _isAccepted;
    private EventLoop _loop;
    private EndPoint? _local;
    private EndPoint? _remote;
    private Socket? _socket;
    private int _uses = 1; // the owner's; the descriptor is closed with the last
    private int _closing;
    private volatile bool _resets;

    protected EpollSocket(int descriptor, EventLoop loop, EndPoint? remote, bool isAccepted)
    {
        Number = descriptor;
        _loop = loop;
        _remote = remote;
        IsUnix = remote is null or UnixDomainSocketEndPoint;
        _isAccepted = isAccepted;
        if (isAccepted)
        {
            loop.CountConnection(1);
        }
    }

    /// <summary>The descriptor; valid between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
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

    /// <summary>Begins to watch the socket.</summary>
    public void Register() => _loop.Add(Number, Watched, this);

    /// <summary>Lets another loop watch it. Nothing may wait for it meanwhile.</summary>
    public void MoveTo(EventLoop loop)
    {
        var old = _loop;
        old.Remove(Number, ((IEventHandler)this).Registration);
        Volatile.Write(ref _loop, loop);
        loop.Add(Number, Watched, this);
    }

    /// <inheritdoc />
    public abstract void OnEvents(EventLoop loop, uint events);

    /// <summary>Keeps the descriptor open; false when it is closed or about to be.</summary>
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

    /// <summary>Closes with RST.</summary>
    public void Reset()
    {
        _resets = true;
        Close();
    }

    public override void Abort(ConnectionAbortedException abortReason) => Reset();

    /// <summary>Closes, with FIN unless it is to be a reset.</summary>
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
        // An accepted socket inherits what its listener was given. Of a peer on this host probes would tell nothing: this kernel answers.
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
            Descriptor.ShutdownSend(Number);
            Exit();
        }
    }

    /// <summary>The socket's error, which this clears; 0 for none.</summary>
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

    /// <summary>Bytes that are there and were not read; 0 when it is closed.</summary>
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

    protected bool IsUnix { get; }

    ulong IEventHandler.Registration { get; set; }

    /// <summary>All code that uses the descriptor has to stop.</summary>
    protected abstract void OnClosing();

    /// <summary>Every operation that waits for it has to look again.</summary>
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
            Descriptor.Reset(Number);
        }
        else
        {
            Descriptor.Close(Number);
        }
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
