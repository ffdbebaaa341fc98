using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Proxy.Diagnostics;
using Proxy.Native;
using Proxy.Timing;

namespace Proxy.Connections.Linux;

/// <summary>
/// Moves bytes between two sockets of one loop, as a state machine on its thread. A FIN is passed on as FIN. A reset is passed on as a
/// reset, once the other side's kernel has delivered the bytes before it. When the proxy ends the relay, both sides are reset.
/// </summary>
internal sealed class EpollRelay : LoopTimer, IValueTaskSource<ConnectionOutcome>, IThreadPoolWorkItem
{
    private const int LongestPause = 1_000;
    private readonly EpollConnection _client;
    private readonly EpollConnection _upstream;
    private readonly RelayDirection _up;
    private readonly RelayDirection _down;
    private readonly RelayDeadlines _deadlines;
    private readonly ConnectionRecord _record;
    private readonly EventLoop _loop;
    private readonly bool _endsUpstreamAtOnce;
    private ManualResetValueTaskSourceCore<ConnectionOutcome> _source;
    private LostSide<EpollConnection> _lost = new();
    private ConnectionOutcome _outcome = ConnectionOutcome.Completed;
    private ulong _delivered;
    private bool _hasEnteredClient;
    private bool _hasEnteredUpstream;
    private bool _isStarted;
    private bool _isQueued;
    private bool _isCompleted;
    private volatile bool _isAborted;

    public EpollRelay(EpollConnection client, EpollConnection upstream, RelayOptions options, ConnectionRecord record, BufferPool buffers)
    {
        _client = client;
        _upstream = upstream;
        _deadlines = new RelayDeadlines(options, RunningTime.OfProcess.Milliseconds);
        _record = record;
        _loop = client.Loop;
        _endsUpstreamAtOnce = options.EndsUpstreamAtOnce;
        _up = new RelayDirection(client, upstream, buffers, options.Bandwidth);
        _down = new RelayDirection(upstream, client, buffers, options.Bandwidth);
        _source.RunContinuationsAsynchronously = !client.IsInline;
    }

    /// <summary>Relays until the end; returns the outcome.</summary>
    public ValueTask<ConnectionOutcome> RunAsync()
    {
        if (EventLoop.Current == _loop)
        {
            Execute();
        }
        else
        {
            _loop.Post(this);
        }

        return new ValueTask<ConnectionOutcome>(this, _source.Version);
    }

    /// <inheritdoc />
    public override string ToString() => $"the relay between {_client} and {_upstream}";

    /// <summary>Resets both connections. Thread-safe.</summary>
    public void Abort()
    {
        _isAborted = true;
        _loop.Post(this);
    }

    /// <summary>Runs one turn of the state machine.</summary>
    public void Execute()
    {
        try
        {
            if (!_isStarted)
            {
                _isStarted = true;
                Start();
            }

            _isQueued = false;
            Step();
        }
        catch
        {
            Fail();
            throw;
        }
    }

    /// <summary>Handles events of one of the two sockets.</summary>
    public void OnEvents(EventLoop loop, EpollConnection connection, uint events)
    {
        if (loop != _loop || _isCompleted)
        {
            return; // reported by a loop that the connection has left
        }

        try
        {
            Note(connection, events);
            Step();
        }
        catch
        {
            Fail();
            throw;
        }
    }

    /// <inheritdoc />
    public override long OnTimer(long now)
    {
        try
        {
            return Check(now);
        }
        catch
        {
            Fail();
            throw;
        }
    }

    ConnectionOutcome IValueTaskSource<ConnectionOutcome>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ConnectionOutcome>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<ConnectionOutcome>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _source.OnCompleted(continuation, state, token, flags);

    private void Start()
    {
        _hasEnteredClient = _client.TryEnter();
        _hasEnteredUpstream = _hasEnteredClient && _upstream.TryEnter();
        if (!_hasEnteredUpstream)
        {
            ResetBoth();
            return;
        }

        try
        {
            if (_upstream.Loop != _loop)
            {
                _upstream.MoveTo(_loop);
            }
        }
        catch (SocketException)
        {
            ResetBoth(); // the kernel has no epoll watches left
            return;
        }

        _client.Attach(this);
        _upstream.Attach(this);
        _isAborted |= _client.IsClosing || _upstream.IsClosing;
        _down.IsReadable = _upstream.HasBeenReadable || _upstream.TouchedPipe is not null; // otherwise its first event is still to come
        TakeUnread(_client, _up);
        TakeUnread(_upstream, _down);
        if (_deadlines.Next is var due and not Never)
        {
            _loop.Timers.Schedule(this, due);
        }
    }

    private static void TakeUnread(EpollConnection connection, RelayDirection direction)
    {
        connection.TouchedPipe?.TakeUnread(direction);
        if (connection.TakeAhead() is { } ahead)
        {
            direction.Prepend(ahead);
        }
    }

    private void Note(EpollConnection connection, uint events)
    {
        const uint Ends = Libc.EpollErr | Libc.EpollHup;
        var (from, to) = connection == _client ? (_up, _down) : (_down, _up);
        from.IsReadable |= (events & (Libc.EpollIn | Libc.EpollRdHup | Ends)) != 0;
        to.IsWritable |= (events & (Libc.EpollOut | Ends)) != 0;
        if ((events & Libc.EpollErr) != 0)
        {
            Break(connection); // noticed here, since it is not read while the other side accepts no bytes
        }
    }

    private long Check(long now)
    {
        if (_isCompleted)
        {
            return Never;
        }

        if (_lost.Side is not null)
        {
            if (_deadlines.Passed(now) is ConnectionOutcome.HalfCloseTimeout or ConnectionOutcome.DurationExpired)
            {
                ResetBoth();
                return Never;
            }

            if (IsPaused)
            {
                _lost.Postpone(now);
            }

            Step();
            return _isCompleted ? Never : now + TimerWheel.Tick;
        }

        if (_deadlines.Passed(now) is { } outcome && (outcome != ConnectionOutcome.IdleTimeout || !(IsPaused || IsDelivering())))
        {
            return Expire(outcome);
        }

        if (IsPaused)
        {
            Step();
        }

        return _isCompleted ? Never : Math.Min(_deadlines.Next, NextResume);
    }

    // Bytes that wait for bandwidth are there all the same.
    private bool IsPaused => _up.Resumes + _down.Resumes > 0;

    // An edit of the bandwidth may end a pause earlier.
    private long NextResume => IsPaused ? Math.Min(Math.Min(Due(_up), Due(_down)), _loop.Now + LongestPause) : Never;

    private static long Due(RelayDirection direction) => direction.Resumes is var resumes and > 0 ? resumes : Never;

    // A slow reader may need long before there is room for the next send, so bytes that leave the kernel's queue count as activity too.
    private bool IsDelivering()
    {
        var unsent = Descriptor.Unsent(_client.Number) + Descriptor.Unsent(_upstream.Number);
        var delivered = Descriptor.Delivered(_client.Number) + Descriptor.Delivered(_upstream.Number);
        if (unsent == 0 || delivered == _delivered)
        {
            return false;
        }

        _delivered = delivered;
        _deadlines.Active(_loop.Now);
        return true;
    }

    private void Step()
    {
        if (_isCompleted)
        {
            return;
        }

        if (_isAborted)
        {
            ResetBoth();
            return;
        }

        Pump(_up);
        Pump(_down);
        CountMoved();
        if (_lost.Side is { } broken)
        {
            FlushOrReset(broken);
        }
        else if (_up.IsFinished && _down.IsFinished)
        {
            Complete(resets: false);
        }
    }

    private void Pump(RelayDirection direction)
    {
        if (direction.IsFinished)
        {
            return;
        }

        switch (direction.Pump(_loop))
        {
            case RelayProgress.Moved:
                Requeue();
                break;
            case RelayProgress.Pauses:
                _loop.Timers.Schedule(this, NextResume);
                break;
            case RelayProgress.Ended:
                End(direction);
                break;
            case RelayProgress.ReadFailed:
                Break(direction.From);
                break;
            case RelayProgress.WriteFailed:
                Break(direction.To);
                break;
            case RelayProgress.Waits:
            default:
                break;
        }
    }

    private void Requeue()
    {
        if (!_isQueued)
        {
            _isQueued = true;
            _loop.Later(this);
        }
    }

    private void CountMoved()
    {
        var up = _up.TakeMoved();
        var down = _down.TakeMoved();
        if (up + down > 0)
        {
            _deadlines.Active(_loop.Now);
            _record.CountClientBytes(up);
            _record.CountUpstreamBytes(down);
        }
    }

    private void End(RelayDirection direction)
    {
        // If a write has already collected the error of a reset, a read reports an end of stream; the event tells them apart.
        if (direction.From.HasFailed && _lost.Side is null)
        {
            Break(direction.From);
        }

        var other = direction == _up ? _down : _up;
        var isFirst = !other.IsFinished;
        if (_lost.Side is null && (isFirst || (direction == _up && _endsUpstreamAtOnce))) // else the second end is passed on by closing
        {
            direction.SendEnd();
        }

        if (_lost.Side is null && isFirst)
        {
            _deadlines.HalfClosed(_loop.Now);
            if (_deadlines.Next is var due and not Never)
            {
                _loop.Timers.Schedule(this, due);
            }
        }

        direction.Finish(_loop);
    }

    /// <summary>Passes on a reset: bytes that the broken side had sent are delivered first.</summary>
    private void Break(EpollConnection broken)
    {
        if (_lost.Note(broken, _deadlines, _loop.Now))
        {
            _outcome = broken == _client ? ConnectionOutcome.ClientReset : ConnectionOutcome.UpstreamReset;
            _loop.Timers.Schedule(this, _loop.Now + TimerWheel.Tick);
        }

        var (towards, away) = _lost.Side == _client ? (_down, _up) : (_up, _down);
        towards.Finish(_loop);
        if (broken != _lost.Side)
        {
            away.Finish(_loop); // both sides are broken, so there is nothing left to deliver
        }
        else if (!away.IsFinished)
        {
            away.IsReadable = true;
            Requeue();
        }
    }

    private void FlushOrReset(EpollConnection broken)
    {
        var (away, healthy) = broken == _client ? (_up, _upstream) : (_down, _client);
        var delivered = away.IsFinished || (away.HasEnded && !away.HoldsBytes);
        if (_lost.IsLate(_loop.Now) || (delivered && (healthy.HasFailed || Descriptor.Unsent(healthy.Number) == 0)))
        {
            ResetBoth();
        }
    }

    private long Expire(ConnectionOutcome outcome)
    {
        _record.TryEnd(outcome);
        _outcome = outcome;
        ResetBoth();
        return Never;
    }

    private void ResetBoth()
    {
        Complete(resets: true);
    }

    // A turn that failed, for want of memory as a rule, may have received bytes that it has not kept, and what follows them must not be sent.
    // Nothing is allocated here.
    private void Fail()
    {
        if (!_isCompleted)
        {
            _outcome = ConnectionOutcome.InternalError;
            ResetBoth();
        }
    }

    // Both sides end, and the relay completes, whatever fails here.
    private void Complete(bool resets)
    {
        CountMoved();
        _isCompleted = true;
        _loop.Timers.Cancel(this);
        _client.Attach(null);
        _upstream.Attach(null);
        try
        {
            _up.Finish(_loop);
            _down.Finish(_loop);
        }
        finally
        {
            try
            {
                Leave(_client, _hasEnteredClient, resets);
            }
            finally
            {
                try
                {
                    Leave(_upstream, _hasEnteredUpstream, resets);
                }
                finally
                {
                    _source.SetResult(_outcome);
                }
            }
        }
    }

    // The use of the relay may be the last one, which closes the socket; so it ends after a reset was requested.
    private static void Leave(EpollConnection connection, bool hasEntered, bool resets)
    {
        try
        {
            if (resets)
            {
                connection.Reset();
            }
            else
            {
                connection.Close();
            }
        }
        finally
        {
            if (hasEntered)
            {
                connection.Exit();
            }
        }
    }
}
