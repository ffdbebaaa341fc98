namespace Proxy.Timing;

/// <summary>The pause before another attempt: it doubles with each failure in a row, up to a maximum. Not thread-safe.</summary>
/// <param name="time">The clock of <see cref="Remaining"/>.</param>
/// <param name="first">The pause after the first failure; greater than zero.</param>
/// <param name="longest">The maximum pause, unless <paramref name="first"/> is longer.</param>
/// <param name="jitter">
/// Shortens each pause at random by up to a half, so that many callers do not try again at the same time; null for exact pauses.
/// </param>
internal sealed class Backoff(TimeProvider time, TimeSpan first, TimeSpan longest, Random? jitter = null)
{
    private const int MostDoublings = 30; // more would overflow, and give the maximum anyway
    private long _failedAt;

    /// <summary>The pause after the first failure. A change applies from the next failure on.</summary>
    public TimeSpan First { get; set; } = first;

    /// <summary>The maximum pause. A change applies from the next failure on.</summary>
    public TimeSpan Longest { get; set; } = longest;

    /// <summary>The number of failures since the last success.</summary>
    public int Failures { get; private set; }

    /// <summary>Whether the last attempt failed.</summary>
    public bool HasFailed => Failures > 0;

    /// <summary>The pause after the last failure; zero after a success.</summary>
    public TimeSpan Length { get; private set; }

    /// <summary>The rest of the pause; zero when it is over.</summary>
    public TimeSpan Remaining =>
        HasFailed && Length - time.GetElapsedTime(_failedAt) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>Records a failure, which starts a pause.</summary>
    /// <returns>The length of the pause.</returns>
    public TimeSpan Fail()
    {
        var doubled = First.TotalMilliseconds * (1L << Math.Min(Failures, MostDoublings));
        var pause = TimeSpan.FromMilliseconds(Math.Max(Math.Min(doubled, Longest.TotalMilliseconds), First.TotalMilliseconds));
        Length = jitter is null ? pause : pause * (1 - (jitter.NextDouble() / 2));
        Failures = Math.Min(Failures, int.MaxValue - 1) + 1;
        _failedAt = time.GetTimestamp();
        return Length;
    }

    /// <summary>Records a success: there is no pause, and the next failure counts as the first.</summary>
    public void Reset()
    {
        Failures = 0;
        Length = TimeSpan.Zero;
    }

    /// <summary>Records the result of an attempt.</summary>
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
