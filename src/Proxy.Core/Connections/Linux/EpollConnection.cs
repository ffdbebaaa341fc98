using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Proxy.Diagnostics;

namespace Proxy.Connections.Linux;

/// <summary>
/// A connection on an event loop. Until a relay takes it over, any thread may use it; nothing reads its socket before somebody asks.
/// </summary>
internal sealed class EpollConnection : TcpConnection, IEventHandler, IConnectionSocketFeature
{
    private const uint Watched = Libc.EpollIn | Libc.EpollPriority | Libc.EpollOut | Libc.EpollRdHup | Libc.EpollEdge;
    private const uint Ends = Libc.EpollErr | Libc.EpollHup | Libc.EpollRdHup;

    private readonly EpollServices _services;
    private readonly bool _isUnix;
    private readonly bool _isAccepted;
    private EventLoop _loop;
    private EpollRelay? _relay;
    private ReadinessGate? _readable;
    private ReadinessGate? _writable;
    private ReadinessGate? _departed;
    private EndPoint? _local;
    private EndPoint? _remote;
    private IDuplexPipe? _wrapper;
    private CancellationTokenSource? _cancelOnReset;
    private ResetWatch? _resetWatch;
    private Socket? _socket;
    private int _uses = 1; // the owner's; the descriptor is closed with the last
    private int _closing;
    private int _seen;
    private volatile bool _resets;

    /// <param name="descriptor">A socket that does not block.</param>
    /// <param name="loop">The loop that watches it.</param>
    /// <param name="services">What the transport's connections share.</param>
    /// <param name="remote">The peer.</param>
    /// <param name="isAccepted">Whether it was accepted, and not dialled.</param>
    /// <param name="inline">Whether those who wait go on on the loop's thread.</param>
    public EpollConnection(int descriptor, EventLoop loop, EpollServices services, EndPoint? remote, bool isAccepted, bool inline)
    {
        Number = descriptor;
        _loop = loop;
        _services = services;
        _remote = remote;
        _isUnix = remote is null or UnixDomainSocketEndPoint;
        _isAccepted = isAccepted;
        IsInline = inline;
        if (isAccepted)
        {
            loop.CountConnection(1);
        }
    }

    /// <summary>The descriptor; valid between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    public int Number { get; }

    public EventLoop Loop => Volatile.Read(ref _loop);

    /// <summary>Whether those who wait for it go on on the loop's thread: true for handlers of ours, which do not block.</summary>
    public bool IsInline { get; }

    /// <summary>The pipes if somebody touched them: they may hold bytes that were read and not consumed.</summary>
    public EpollPipe? TouchedPipe { get; private set; }

    ulong IEventHandler.Registration { get; set; }

    public override IDuplexPipe Transport
    {
        get => _wrapper ?? (TouchedPipe ??= new EpollPipe(this));
        set => _wrapper = value;
    }

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

    /// <summary>Gives its events to a relay, on the loop's thread; null takes them back.</summary>
    public void Attach(EpollRelay? relay)
    {
        Volatile.Write(ref _relay, relay);
        Interlocked.MemoryBarrier();
    }

    /// <summary>Whether somebody closed or aborted it.</summary>
    public bool IsClosing => Volatile.Read(ref _closing) != 0;

    /// <summary>Whether the connection as a whole is over: a reset, or a time-out of the network. A unix socket knows no reset.</summary>
    public bool HasFailed => HasSeen(Libc.EpollErr);

    /// <summary>Whether there is an end to read, of whatever kind.</summary>
    public bool HasEnded => HasSeen(Ends);

    /// <summary>Whether an edge has told that there is something to read, since it is watched.</summary>
    public bool HasBeenReadable => HasSeen(Ends | Libc.EpollIn);

    /// <summary>Whether a short read may leave bytes: reads stop at urgent data, and on unix sockets at passed descriptors.</summary>
    public bool ReadsStopShort => _isUnix || HasSeen(Libc.EpollPriority);

    /// <summary>Closes with RST.</summary>
    public void Reset()
    {
        _resets = true;
        Close();
    }

    public override void Abort(ConnectionAbortedException abortReason) => Reset();

    public override async ValueTask DisposeAsync()
    {
        if (TouchedPipe is { } pipe)
        {
            await pipe.CompleteAsync();
        }

        Close();
        await base.DisposeAsync();
    }

    public override void SetKeepAlive(KeepAlive keepAlive)
    {
        // An accepted socket inherits what its listener was given. Of a peer on this host probes would tell nothing: this kernel answers.
        if (_isUnix || (_isAccepted ? keepAlive == KeepAlive.Default : IsLocal) || !TryEnter())
        {
            return;
        }

        Descriptor.SetKeepAlive(Number, keepAlive);
        Exit();
    }

    public override void Post(IThreadPoolWorkItem work)
    {
        if (IsInline)
        {
            Loop.Post(work);
        }
        else
        {
            base.Post(work);
        }
    }

    public override Stream? OpenStream() => _wrapper is null && TouchedPipe is null ? new EpollStream(this) : null;

    public override void EndSending()
    {
        if (TryEnter())
        {
            Descriptor.ShutdownSend(Number);
            Exit();
        }
    }

    public override async Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken)
    {
        var gate = LazyInitializer.EnsureInitialized(ref _departed, NewGate);
        await using var cancelled = cancellationToken.UnsafeRegister(static gate => ((ReadinessGate)gate!).Signal(), gate);
        while (true)
        {
            gate.Reset();
            if (cancellationToken.IsCancellationRequested)
            {
                return null;
            }

            if (HasFailed || IsClosing)
            {
                return PeerDeparture.Reset;
            }

            if (!ignoreClose && HasSeen(Libc.EpollRdHup))
            {
                return UnreadOrNone() == 0 ? PeerDeparture.ClosedSilently : PeerDeparture.Closed;
            }

            await gate.WaitAsync(CancellationToken.None);
        }
    }

    public override IAsyncDisposable CancelOnReset(CancellationTokenSource source)
    {
        Volatile.Write(ref _cancelOnReset, source);
        if (HasFailed || IsClosing)
        {
            source.Cancel();
        }

        return _resetWatch ??= new ResetWatch(this);
    }

    public override bool CanRelay(ConnectionContext upstream) =>
        _wrapper is null && upstream is EpollConnection other && other._wrapper is null;

    public override ValueTask<ConnectionOutcome> RelayAsync(ConnectionContext upstream, RelayOptions options, ConnectionRecord record) =>
        new EpollRelay(this, (EpollConnection)upstream, options, record, _services.Buffers).RunAsync();

    /// <summary>Tells when the socket may be read again.</summary>
    public ReadinessGate Readable => Volatile.Read(ref _readable) ?? LazyInitializer.EnsureInitialized(ref _readable, NewGate);

    /// <summary>Tells when the socket may be written again.</summary>
    public ReadinessGate Writable => Volatile.Read(ref _writable) ?? LazyInitializer.EnsureInitialized(ref _writable, NewGate);

    void IEventHandler.OnEvents(EventLoop loop, uint events)
    {
        const uint Kept = Ends | Libc.EpollIn | Libc.EpollPriority;
        if ((events & Kept & ~(uint)Volatile.Read(ref _seen)) != 0)
        {
            Interlocked.Or(ref _seen, (int)(events & Kept));
        }

        if (Volatile.Read(ref _relay) is { } relay)
        {
            relay.OnEvents(loop, this, events);
            return;
        }

        if ((events & (Ends | Libc.EpollIn)) != 0)
        {
            Volatile.Read(ref _readable)?.Signal();
        }

        if ((events & (Libc.EpollOut | Libc.EpollErr | Libc.EpollHup)) != 0)
        {
            Volatile.Read(ref _writable)?.Signal();
        }

        if ((events & Ends) != 0)
        {
            Volatile.Read(ref _departed)?.Signal();
            if ((events & Libc.EpollErr) != 0)
            {
                CancelOnReset();
            }
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

    private bool IsLocal => _remote is IPEndPoint { Address: var address } && IPAddress.IsLoopback(address);

    private bool HasSeen(uint events) => ((uint)Volatile.Read(ref _seen) & events) != 0;

    private int UnreadOrNone()
    {
        if (!TryEnter())
        {
            return 0;
        }

        var unread = Descriptor.Unread(Number);
        Exit();
        return unread;
    }

    private void CancelOnReset()
    {
        try
        {
            Interlocked.Exchange(ref _cancelOnReset, null)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The dial ended in this moment.
        }
    }

    private ReadinessGate NewGate() => new(IsInline);

    /// <summary>Closes, with FIN unless it is to be a reset.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0)
        {
            return;
        }

        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _relay) is { } relay)
        {
            relay.Abort();
        }

        Exit();
        Volatile.Read(ref _readable)?.Signal();
        Volatile.Read(ref _writable)?.Signal();
        Volatile.Read(ref _departed)?.Signal();
        CancelOnReset();
        OnClosed();
    }

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

    private sealed class ResetWatch(EpollConnection connection) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            Volatile.Write(ref connection._cancelOnReset, null);
            return ValueTask.CompletedTask;
        }
    }
}
