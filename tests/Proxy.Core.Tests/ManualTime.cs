namespace Proxy.Core.Tests;

/// <summary>Time that stands until a test moves it. Timers fire inside <see cref="Advance"/>.</summary>
internal sealed class ManualTime : TimeProvider
{
    private static readonly DateTimeOffset _epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Lock _gate = new(); // guards all fields, of the timers too
    private readonly List<ManualTimer> _timers = [];
    private TimeSpan _now = TimeSpan.FromDays(1);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _now.Ticks;
        }
    }

    public override DateTimeOffset GetUtcNow() => _epoch + TimeSpan.FromTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves time step by step, so that each timer fires at its own moment.</summary>
    public void Advance(TimeSpan by)
    {
        var end = TimeSpan.FromTicks(GetTimestamp()) + by;
        while (Next(end) is { } timer)
        {
            timer.Callback();
        }

        lock (_gate)
        {
            _now = end;
        }
    }

    /// <summary>Completes once a timer is set that is due in exactly so long.</summary>
    public async Task WaitForTimerAsync(TimeSpan due)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (!IsSet(due))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private bool IsSet(TimeSpan due)
    {
        lock (_gate)
        {
            return _timers.Exists(timer => timer.Due == _now + due);
        }
    }

    private ManualTimer? Next(TimeSpan end)
    {
        lock (_gate)
        {
            var timer = _timers.Where(timer => timer.Due <= end).MinBy(static timer => timer.Due);
            if (timer?.Due is { } due)
            {
                _now = due > _now ? due : _now;
                timer.Due = timer.Period > TimeSpan.Zero ? due + timer.Period : null;
            }

            return timer;
        }
    }

    private sealed class ManualTimer(ManualTime owner, Action callback) : ITimer
    {
        public Action Callback => callback;

        public TimeSpan? Due { get; set; }

        public TimeSpan Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                Due = dueTime < TimeSpan.Zero ? null : owner._now + dueTime;
                Period = period;
                owner._timers.Remove(this);
                owner._timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                Due = null;
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
