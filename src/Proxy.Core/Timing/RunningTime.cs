namespace Proxy.Timing;

/// <summary>
/// The system's clock without the time in which the process did not run, because it was stopped (SIGSTOP, a debugger, a paused container or
/// machine) or got no processor: of such a gap, <see cref="Longest"/> counts at most. What has arrived meanwhile waits in the sockets and was not
/// read, so a deadline that went on would find peers silent that are not. Timers wait for as long as this clock says; <see cref="GetUtcNow"/> is
/// the time of day. Thread-safe.
/// </summary>
/// <remarks>See docs/decisions/0026-running-time.md.</remarks>
internal sealed class RunningTime : TimeProvider
{
    // Each beat costs an idle process a wake-up; half of what counts of a gap is left for beats that come late.
    private static readonly TimeSpan _beatInterval = TimeSpan.FromMilliseconds(250);

    // The clocks of timers are coarser than the timestamps.
    private static readonly TimeSpan _coarseness = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new(); // guards writing of both fields below
    private readonly TimeProvider _inner;
    private readonly long _longest;
    private readonly long _interval;
    private long _beat;
    private long _lost; // written before _beat

    /// <param name="inner">The clock that never stands still.</param>
    internal RunningTime(TimeProvider inner)
    {
        _inner = inner;
        _longest = Longest.Ticks * inner.TimestampFrequency / TimeSpan.TicksPerSecond;
        _interval = _beatInterval.Ticks * inner.TimestampFrequency / TimeSpan.TicksPerSecond;
        _beat = inner.GetTimestamp();
    }

    /// <summary>The most that counts of a gap: half a second.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The clock of this process.</summary>
    public static RunningTime OfProcess { get; } = Start();

    /// <summary>The number of milliseconds that the process has run, from an arbitrary beginning.</summary>
    public long Milliseconds => GetTimestamp() / (TimestampFrequency / 1000);

    /// <summary>How long the process has not run since its start.</summary>
    public TimeSpan Lost => _inner.GetElapsedTime(0, Volatile.Read(ref _lost));

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => _inner.LocalTimeZone;

    /// <inheritdoc />
    public override long TimestampFrequency => _inner.TimestampFrequency;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => _inner.GetUtcNow();

    /// <inheritdoc />
    public override long GetTimestamp()
    {
        // The process may be stopped between any two of these steps.
        while (true)
        {
            var lost = Volatile.Read(ref _lost);
            var now = _inner.GetTimestamp();
            if (now - Volatile.Read(ref _beat) > _interval)
            {
                Beat(); // the thread may be late while others run
            }

            if (lost == Volatile.Read(ref _lost))
            {
                return now - lost;
            }
        }
    }

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new RunningTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Notes that the process runs, and by how much this comes too late.</summary>
    internal void Beat()
    {
        lock (_gate)
        {
            var now = _inner.GetTimestamp();
            var gap = now - _beat;
            Volatile.Write(ref _lost, _lost + Math.Max(0, gap - _longest));
            Volatile.Write(ref _beat, Math.Max(now, _beat));
        }
    }

    private static RunningTime Start()
    {
        var time = new RunningTime(System);
        // A thread of its own, since the thread pool may be busy while others run.
        new Thread(time.Run) { IsBackground = true, Name = "proxy-clock" }.UnsafeStart();
        return time;
    }

    private void Run()
    {
        while (true)
        {
            Thread.Sleep(_beatInterval);
            Beat();
        }
    }

    /// <summary>A timer that checks by this clock whether it is due; one with a period does so for the first time only.</summary>
    private sealed class RunningTimer : ITimer
    {
        private readonly Lock _gate = new(); // guards _due and _period
        private readonly RunningTime _time;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ITimer _timer;
        private long _due;
        private TimeSpan _period;

        public RunningTimer(RunningTime time, TimerCallback callback, object? state)
        {
            (_time, _callback, _state) = (time, callback, state);
            _timer = time._inner.CreateTimer(
                static timer => ((RunningTimer)timer!).Fire(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan
            );
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_gate)
            {
                _period = period;
                _due = dueTime > TimeSpan.Zero ? _time.GetTimestamp() + Stamps(dueTime) : 0;
                return _timer.Change(dueTime, period);
            }
        }

        public void Dispose() => _timer.Dispose();

        public ValueTask DisposeAsync() => _timer.DisposeAsync();

        private void Fire()
        {
            lock (_gate)
            {
                var left = _due == 0 ? TimeSpan.Zero : _time._inner.GetElapsedTime(_time.GetTimestamp(), _due);
                if (left > _coarseness)
                {
                    _timer.Change(left, _period);
                    return;
                }

                _due = 0;
            }

            _callback(_state);
        }

        private long Stamps(TimeSpan time) => (long)(time.TotalSeconds * _time.TimestampFrequency);
    }
}
