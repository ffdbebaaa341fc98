using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>When a relay has to end, in milliseconds of its transport's clock. Traffic moves a number and no timer.</summary>
internal sealed class RelayDeadlines(RelayOptions options, long now)
{
    /// <summary>A time that does not come.</summary>
    public const long Never = long.MaxValue;

    private readonly long _ends = After(now, options.MaxDuration);
    private long _active = now;
    private long _halfClosed = Never;

    /// <summary>The next time at which something may have passed.</summary>
    public long Next => Math.Min(Math.Min(_ends, Volatile.Read(ref _halfClosed)), Idle);

    private long Idle => After(Volatile.Read(ref _active), options.IdleTimeout);

    /// <summary>Bytes have moved.</summary>
    public void Active(long now) => Volatile.Write(ref _active, now);

    /// <summary>One side has ended; the first time counts.</summary>
    public void HalfClosed(long now) => Interlocked.CompareExchange(ref _halfClosed, After(now, options.HalfCloseTimeout), Never);

    /// <summary>What has passed; null for nothing.</summary>
    public ConnectionOutcome? Passed(long now) =>
        now >= _ends ? ConnectionOutcome.DurationExpired
        : now >= Volatile.Read(ref _halfClosed) ? ConnectionOutcome.HalfCloseTimeout
        : now >= Idle ? ConnectionOutcome.IdleTimeout
        : null;

    private static long After(long now, TimeSpan time) => time < TimeSpan.Zero ? Never : now + (long)time.TotalMilliseconds;
}
