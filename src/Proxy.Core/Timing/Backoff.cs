namespace Proxy.Timing;

/// <summary>The pause before something that failed is tried again: it doubles with each failure in a row, up to a longest one. Not thread-safe.</summary>
/// <param name="time">The clock of <see cref="Remaining"/>.</param>
/// <param name="first">The pause after the first failure; longer than zero.</param>
/// <param name="longest">No pause is longer, unless <paramref name="first"/> is.</param>
/// <param name="jitter">Shortens each pause by up to a half, so that many that failed together do not try again together; null for exact pauses.</param>
internal sealed class Backoff(TimeProvider time, TimeSpan first, TimeSpan longest, Random? jitter = null)
{
    private const int MostDoublings = 30; // beyond that every pause is the longest, and ticks would overflow
    private long _failedAt;

    /// <summary>The pause after the first failure. Another value counts from the next failure.</summary>
    public TimeSpan First { get; set; } = first;

    /// <summary>The longest pause. Another value counts from the next failure.</summary>
    public TimeSpan Longest { get; set; } = longest;

    /// <summary>Failures since the last success.</summary>
    public int Failures { get; private set; }

    /// <summary>Whether the last try failed.</summary>
    public bool HasFailed => Failures > 0;

    /// <summary>The pause after the last failure; zero after a success.</summary>
    public TimeSpan Length { get; private set; }

    /// <summary>How much is left of the pause; zero when it is over.</summary>
    public TimeSpan Remaining =>
        HasFailed && Length - time.GetElapsedTime(_failedAt) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>Notes a failure: a pause begins.</summary>
    /// <returns>Its length.</returns>
    public TimeSpan Fail()
    {
        var doubled = First.TotalMilliseconds * (1L << Math.Min(Failures, MostDoublings));
        var pause = TimeSpan.FromMilliseconds(Math.Max(Math.Min(doubled, Longest.TotalMilliseconds), First.TotalMilliseconds));
        Length = jitter is null ? pause : pause * (1 - (jitter.NextDouble() / 2));
        Failures = Math.Min(Failures, int.MaxValue - 1) + 1;
        _failedAt = time.GetTimestamp();
        return Length;
    }

    /// <summary>Notes a success: there is no pause, and the next failure is the first.</summary>
    public void Reset()
    {
        Failures = 0;
        Length = TimeSpan.Zero;
    }

    /// <summary>Notes how a try ended.</summary>
    /// <param name="failed">Whether it failed.</param>
    public void Note(bool failed)
    {
        if (failed)
        {
            Fail();
        }
        else
        {
            Reset();
        }
    }
}
