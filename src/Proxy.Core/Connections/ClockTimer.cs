using Proxy.Timing;

namespace Proxy.Connections;

/// <summary>Checks a relay by the clock of the process.</summary>
internal sealed class ClockTimer : IRelayTimer, IDeadline
{
    private readonly DeadlineClock _clock;
    private readonly ITimedRelay _relay;
    private long _due = RelayDeadlines.Never;

    public ClockTimer(DeadlineClock clock, ITimedRelay relay)
    {
        (_clock, _relay) = (clock, relay);
        clock.Add(this);
    }

    /// <inheritdoc />
    public long Now => _clock.Now;

    /// <inheritdoc />
    public bool IsInline => false;

    /// <inheritdoc />
    public void CheckAt(long due)
    {
        var seen = Volatile.Read(ref _due);
        while (due < seen)
        {
            var before = seen;
            seen = Interlocked.CompareExchange(ref _due, due, seen);
            if (seen == before)
            {
                return;
            }
        }
    }

    /// <inheritdoc />
    public void Check(long now)
    {
        if (now >= Volatile.Read(ref _due))
        {
            Interlocked.Exchange(ref _due, RelayDeadlines.Never);
            CheckAt(_relay.Check(now));
        }
    }

    /// <inheritdoc />
    public void Dispose() => _clock.Remove(this);
}
