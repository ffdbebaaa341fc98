namespace Proxy.Multiplexing;

/// <summary>A pause after failures that doubles with each of them. Guarded by the session.</summary>
internal struct BackOff
{
    private int _failures;
    private long _until;

    public readonly bool HasFailed => _failures > 0;

    /// <summary>Milliseconds of the clock at which the pause ends.</summary>
    public readonly long Until => _failures > 0 ? _until : 0;

    public readonly bool IsPausing(long now) => _failures > 0 && now < _until;

    public void Fail(long now, TimeSpan first, TimeSpan longest)
    {
        // Beyond 2^30 the product would be past any configured maximum.
        var pause = Math.Min(first.TotalMilliseconds * (1L << Math.Min(_failures, 30)), longest.TotalMilliseconds);
        _failures++;
        _until = now + (long)Math.Max(pause, first.TotalMilliseconds);
    }

    public void Succeed() => _failures = 0;
}
