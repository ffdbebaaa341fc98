namespace Proxy.Multiplexing;

/// <summary>A pause after failures that doubles with each of them. Guarded by the session.</summary>
internal struct BackOff
{
    private int _failures;
    private long _until;
    private long _failedAt;

    public readonly bool HasFailed => _failures > 0;

    public readonly bool HasFailedAgain => _failures > 1;

    /// <summary>Milliseconds of the clock at which the pause ends.</summary>
    public readonly long Until => _failures > 0 ? _until : 0;

    public readonly bool IsPausing(long now) => _failures > 0 && now < _until;

    public void Fail(long now, TimeSpan first, TimeSpan longest)
    {
        // Beyond 2^30 the product would be past any configured maximum.
        var pause = Math.Min(first.TotalMilliseconds * (1L << Math.Min(_failures, 30)), longest.TotalMilliseconds);
        _failures++;
        _failedAt = now;
        _until = now + (long)Math.Max(pause, first.TotalMilliseconds);
    }

    public void Succeed() => _failures = 0;

    /// <summary>The same for one of several: what was there before the failure says nothing about it.</summary>
    /// <param name="since">Milliseconds of the clock when it began.</param>
    public void Succeed(long since) => _failures = since >= _failedAt ? 0 : _failures;
}
