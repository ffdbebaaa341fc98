using Microsoft.Extensions.Time.Testing;

namespace Proxy.Testing;

/// <summary>
/// The fake clock of the library, with three differences. A test can wait until a timer is set. <see cref="Advance"/> moves from one due time to the
/// next, so that a callback sees its own moment, and what it sets anew counts from there. And callbacks run inside <see cref="Advance"/> alone: those of
/// the library also run inside any call that reads the clock or sets a timer, which may hold a lock, and then a call to advance may return before them.
/// </summary>
internal sealed class ManualTime() : FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
{
    private readonly Lock _gate = new(); // around each call of the library, which only notes what is due; callbacks run outside of it
    private readonly List<ManualTimer> _timers = [];
    private readonly Queue<ManualTimer> _due = [];

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return base.GetUtcNow();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Inner = base.CreateTimer(_ => timer.Note(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (_gate)
        {
            _timers.Add(timer);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves time from one due time to the next, and runs the callbacks of each.</summary>
    public new void Advance(TimeSpan delta)
    {
        var end = GetUtcNow() + delta;
        while (Step(end))
        {
            while (TakeDue() is { } timer)
            {
                timer.Callback();
            }
        }
    }

    /// <summary>Moves time on until something has happened, for what waits several times, such as the steps of a stop.</summary>
    /// <param name="step">How far time moves before each look.</param>
    /// <param name="fact">What has to happen.</param>
    public Task AdvanceUntilAsync(TimeSpan step, Func<bool> fact) =>
        Eventually.TrueAsync(() =>
        {
            Advance(step);
            return fact();
        });

    /// <summary>The number of timers that are set.</summary>
    public int TimersSet
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count(static timer => timer.Due is not null);
            }
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
            return _timers.Exists(timer => timer.Due == base.GetUtcNow() + due);
        }
    }

    // Whether something is due before the end, or at it.
    private bool Step(DateTimeOffset end)
    {
        lock (_gate)
        {
            var next = _timers.Where(timer => timer.Due <= end).Min(static timer => timer.Due);
            var (now, to) = (base.GetUtcNow(), next ?? end);
            SetUtcNow(to > now ? to : now); // another thread may have moved it further
            return _due.Count > 0;
        }
    }

    private ManualTimer? TakeDue()
    {
        lock (_gate)
        {
            while (_due.TryDequeue(out var timer))
            {
                if (timer.TakeDue())
                {
                    return timer;
                }
            }

            return null;
        }
    }

    // All but its callback happens within the gate.
    private sealed class ManualTimer(ManualTime owner, Action callback) : ITimer
    {
        private TimeSpan _period;
        private bool _isDue; // and neither changed nor disposed since

        public ITimer Inner { get; set; } = null!;

        public Action Callback => callback;

        public DateTimeOffset? Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                (Due, _period, _isDue) = (dueTime < TimeSpan.Zero ? null : owner.GetUtcNow() + dueTime, period, false);
                var isSet = Inner.Change(dueTime, period);
                Due = isSet ? Due : null; // a disposed timer cannot be set
                return isSet;
            }
        }

        public void Note()
        {
            owner._due.Enqueue(this);
            (Due, _isDue) = (_period > TimeSpan.Zero ? Due + _period : null, true);
        }

        public bool TakeDue() => _isDue && !(_isDue = false);

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._timers.Remove(this);
                (Due, _isDue) = (null, false);
                Inner.Dispose();
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
