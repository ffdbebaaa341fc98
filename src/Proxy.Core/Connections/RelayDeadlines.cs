using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>The deadlines of a relay, in milliseconds of its transport's clock. Traffic updates a number instead of a timer.</summary>
internal sealed class RelayDeadlines(RelayOptions options, long now)
{
    /// <summary>The value for no deadline.</summary>
    public const long Never = long.MaxValue;

    private readonly long _ends = After(now, options.MaxDuration);
    private long _active = now;
    private long _halfClosed = Never;

    /// <summary>The time of the earliest deadline, in milliseconds.</summary>
    public long Next => Math.Min(Math.Min(_ends, Volatile.Read(ref _halfClosed)), Idle);

    private long Idle => After(Volatile.Read(ref _active), options.IdleTimeout);

    /// <summary>Records that bytes were moved.</summary>
    public void Active(long now) => Volatile.Write(ref _active, now);

    /// <summary>Records that one side has ended; only the first call counts.</summary>
    public void HalfClosed(long now) => Interlocked.CompareExchange(ref _halfClosed, After(now, options.HalfCloseTimeout), Never);

    /// <summary>The outcome of the deadline that has passed; null if none has.</summary>
    public ConnectionOutcome? Passed(long now) =>
        now >= _ends ? ConnectionOutcome.DurationExpired
        : now >= Volatile.Read(ref _halfClosed) ? ConnectionOutcome.HalfCloseTimeout
        : now >= Idle ? ConnectionOutcome.IdleTimeout
        : null;

    /// <summary>Whether no bytes have moved for too long, also after another deadline that the connection may outlive.</summary>
    public bool IsIdle(long now) => now >= Idle;

    private static long After(long now, TimeSpan time) => time < TimeSpan.Zero ? Never : now + (long)time.TotalMilliseconds;
}
