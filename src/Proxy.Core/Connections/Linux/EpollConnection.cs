using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>
/// A connection on an event loop. Until a relay takes it over, any thread may use it. Its socket is not read before a caller does.
/// </summary>
/// <param name="descriptor">A non-blocking socket.</param>
/// <param name="loop">The loop that watches it.</param>
/// <param name="services">The services that the transport's connections share.</param>
/// <param name="remote">The address of the peer.</param>
/// <param name="isAccepted">Whether it was accepted rather than dialed.</param>
/// <param name="inline">Whether continuations run on the loop's thread.</param>
internal sealed class EpollConnection(
    int descriptor,
    EventLoop loop,
    EpollDependencies services,
    EndPoint? remote,
    bool isAccepted,
    bool inline
) : EpollSocket(descriptor, loop, remote, isAccepted)
{
    private const uint Ends = Libc.EpollErr | Libc.EpollHup | Libc.EpollRdHup;

    private EpollRelay? _relay;
    private ReadinessGate? _readable;
    private ReadinessGate? _writable;
    private ReadinessGate? _departed;
    private IDuplexPipe? _wrapper;
    private CancellationTokenSource? _cancelOnReset;
    private ResetWatch? _resetWatch;
    private int _seen;

    /// <summary>Whether continuations run on the loop's thread; true for the proxy's own handlers, which do not block.</summary>
    public bool IsInline => inline;

    /// <summary>The pipes, if they were used: they may hold bytes that were read and not consumed.</summary>
    public EpollPipe? TouchedPipe { get; private set; }

    public override IDuplexPipe Transport
    {
        get => _wrapper ?? (TouchedPipe ??= new EpollPipe(this));
        set => _wrapper = value;
    }

    /// <summary>Passes its events to a relay, on the loop's thread; null ends that.</summary>
    public void Attach(EpollRelay? relay)
    {
        Volatile.Write(ref _relay, relay);
        Interlocked.MemoryBarrier();
    }

    /// <summary>Whether the whole connection has failed, by a reset or a network timeout. A unix socket has no reset.</summary>
    public bool HasFailed => HasSeen(Libc.EpollErr);

    /// <summary>Whether an end of any kind can be read.</summary>
    public bool HasEnded => HasSeen(Ends);

    /// <summary>
    /// Whether an end that was read is in truth a reset, whose error a write has taken: the kernel reports it only once, so no event may have told it
    /// either. Between <see cref="EpollSocket.TryEnter"/> and <see cref="EpollSocket.Exit"/> only.
    /// </summary>
    public bool IsEndAReset => HasFailed || IsLost;

    /// <summary>Whether an event has reported readable bytes since the socket is watched.</summary>
    public bool HasBeenReadable => HasSeen(Ends | Libc.EpollIn);

    /// <summary>
    /// Whether a short read may leave bytes in the socket: reads stop at urgent data and, on unix sockets, at passed descriptors.
    /// </summary>
    public bool ReadsStopShort => IsUnix || HasSeen(Libc.EpollPriority);

    public override async ValueTask DisposeAsync()
    {
        if (TouchedPipe is { } pipe)
        {
            await pipe.CompleteAsync();
        }

        Close();
        await base.DisposeAsync();
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

    public override void PostLater(IThreadPoolWorkItem work)
    {
        var loop = Loop;
        if (IsInline && EventLoop.Current == loop)
        {
            loop.Later(work);
        }
        else
        {
            Post(work);
        }
    }

    public override IRelayTimer? StartTimer(ITimedRelay relay) => IsInline ? new LoopRelayTimer(Loop, relay) : null;

    public override BufferPool Buffers => services.Buffers;

    public override Stream? OpenStream() => _wrapper is null && TouchedPipe is null ? new EpollStream(this) : null;

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
                return Waiting() == 0 ? PeerDeparture.ClosedSilently : PeerDeparture.Closed;
            }

            await gate.WaitAsync(CancellationToken.None);
        }
    }

    public override async Task<PeerDeparture?> WaitForInputAsync(CancellationToken cancellationToken)
    {
        var gate = Readable;
        while (true)
        {
            gate.Reset();
            if (HasFailed || IsClosing)
            {
                return PeerDeparture.Reset;
            }

            var ended = HasSeen(Libc.EpollRdHup); // before the bytes are counted, since both may come at once
            if (Waiting() > 0)
            {
                return null;
            }

            if (ended)
            {
                return PeerDeparture.ClosedSilently;
            }

            await gate.WaitAsync(cancellationToken);
        }
    }

    public override bool HasPeerEnded => HasFailed || HasSeen(Libc.EpollRdHup);

    public override PeerDeparture? DepartedWithin(int missing) =>
        HasFailed ? PeerDeparture.Reset
        : HasSeen(Libc.EpollRdHup) && Waiting() is > 0 and var unread && unread < missing ? PeerDeparture.Closed
        : null;

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
        new EpollRelay(this, (EpollConnection)upstream, options, record, services.Buffers).RunAsync();

    /// <summary>Signaled when the socket may be readable again.</summary>
    public ReadinessGate Readable => Volatile.Read(ref _readable) ?? LazyInitializer.EnsureInitialized(ref _readable, NewGate);

    /// <summary>Signaled when the socket may be writable again.</summary>
    public ReadinessGate Writable => Volatile.Read(ref _writable) ?? LazyInitializer.EnsureInitialized(ref _writable, NewGate);

    public override void OnEvents(EventLoop loop, uint events)
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

    // The bytes that the next reader gets without waiting.
    private int Waiting() => AheadCount + Unread();

    private bool HasSeen(uint events) => ((uint)Volatile.Read(ref _seen) & events) != 0;

    private void CancelOnReset()
    {
        try
        {
            Interlocked.Exchange(ref _cancelOnReset, null)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The dial has just ended.
        }
    }

    private ReadinessGate NewGate() => new(IsInline);

    protected override void OnClosing() => Volatile.Read(ref _relay)?.Abort();

    protected override void WakeAll()
    {
        Volatile.Read(ref _readable)?.Signal();
        Volatile.Read(ref _writable)?.Signal();
        Volatile.Read(ref _departed)?.Signal();
        CancelOnReset();
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
