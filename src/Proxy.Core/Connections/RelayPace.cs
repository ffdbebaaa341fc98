namespace Proxy.Connections;

/// <summary>
/// How much one direction of a relay may read: a bucket of tokens, one for each byte, that holds a quarter of what flows in a second. Bytes that have been
/// read are never held back, and may leave a debt. Used by one thread at a time; times are in milliseconds of one clock.
/// </summary>
/// <param name="bandwidth">The limit, which may change at any time; null for none.</param>
internal struct RelayPace(Bandwidth? bandwidth)
{
    /// <summary>The milliseconds whose bytes the bucket holds: enough for clocks that tick every 100 ms, on machines that are late.</summary>
    public const int Burst = 250;

    private const int Second = 1000;
    private const int LeastPause = 50; // fewer and larger reads in place of one for each byte
    private const long NotBegun = -1;

    private double _tokens;
    private long _counted = NotBegun;
    private bool _hasReached;

    /// <summary>Whether there is a limit at present.</summary>
    public readonly bool IsLimited => bandwidth is { Limit.BytesPerSecond: > 0 };

    /// <summary>Whether the last answer was that all may be read, for want of a limit or in a dry run: such reads leave no debt.</summary>
    public bool IsFree { readonly get; private set; }

    /// <summary>The number of bytes that may be read now: 0 during a pause, and the largest number if there is no limit.</summary>
    public int Allowed(long now)
    {
        if (bandwidth is not { Limit: { BytesPerSecond: var rate and > 0, IsDryRun: var isDryRun } })
        {
            (_counted, Resumes, IsFree) = (NotBegun, 0, true);
            return int.MaxValue;
        }

        // The rate may have changed: a faster one shortens a pause, a slower one takes what is too much.
        var most = Math.Max(1, (double)rate * Burst / Second);
        _tokens = IsFree && (_counted == NotBegun || !isDryRun) ? Math.Max(0, _tokens) : _tokens;
        IsFree = isDryRun;
        _tokens = _counted == NotBegun ? most + Math.Min(0, _tokens) : Math.Min(most, _tokens + ((double)rate * (now - _counted) / Second));
        _counted = now;
        var wanted = Math.Min(most, Math.Max(1, Resumes > 0 ? (double)rate * LeastPause / Second : 1));
        if (_tokens >= wanted)
        {
            Resumes = 0;
            return isDryRun ? int.MaxValue : (int)_tokens;
        }

        if (!_hasReached)
        {
            _hasReached = true;
            bandwidth.CountReached();
        }

        if (isDryRun)
        {
            (_tokens, Resumes) = (most, 0);
            return int.MaxValue;
        }

        var again = Math.Min(most, Math.Max(1, (double)rate * LeastPause / Second));
        Resumes = now + Math.Max(1, (long)Math.Ceiling((again - _tokens) * Second / rate));
        return 0;
    }

    /// <summary>When the pause is over; an edit may end it earlier, so callers ask again from time to time. 0 if there is none.</summary>
    public long Resumes { readonly get; private set; }

    /// <summary>Counts bytes that were read. Those read before the first question are a debt.</summary>
    public void Count(int bytes) => _tokens -= bytes;
}
