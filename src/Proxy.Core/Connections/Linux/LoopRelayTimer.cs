using Proxy.Timing;

namespace Proxy.Connections.Linux;

/// <summary>Checks a relay by the timers of an event loop.</summary>
internal sealed class LoopRelayTimer(EventLoop loop, ITimedRelay relay) : LoopTimer, IRelayTimer, IThreadPoolWorkItem
{
    private long _asked = Never; // by other threads
    private volatile bool _isDisposed;

    /// <inheritdoc />
    public long Now => EventLoop.Current == loop ? loop.Now : RunningTime.OfProcess.Milliseconds;

    /// <inheritdoc />
    public bool IsInline => true;

    /// <inheritdoc />
    public override string ToString() => relay.ToString()!;

    /// <inheritdoc />
    public void CheckAt(long due)
    {
        if (due == Never)
        {
            return;
        }

        if (EventLoop.Current == loop)
        {
            Schedule(due);
            return;
        }

        var seen = Volatile.Read(ref _asked);
        while (due < seen)
        {
            var before = seen;
            seen = Interlocked.CompareExchange(ref _asked, due, seen);
            if (seen == before)
            {
                loop.Post(this);
                return;
            }
        }
    }

    /// <summary>Does on the loop's thread what others have asked for.</summary>
    public void Execute()
    {
        if (_isDisposed)
        {
            loop.Timers.Cancel(this);
        }
        else if (Interlocked.Exchange(ref _asked, Never) is var due and not Never)
        {
            Schedule(due);
        }
    }

    /// <inheritdoc />
    public override long OnTimer(long now) => _isDisposed ? Never : relay.Check(now);

    /// <inheritdoc />
    public void Dispose()
    {
        _isDisposed = true;
        if (EventLoop.Current == loop)
        {
            loop.Timers.Cancel(this);
        }
        else
        {
            loop.Post(this);
        }
    }

    private void Schedule(long due)
    {
        if (!_isDisposed)
        {
            loop.Timers.Schedule(this, due);
        }
    }
}
