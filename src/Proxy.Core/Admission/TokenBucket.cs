namespace Proxy.Admission;

/// <summary>A rate per second, with what may come in one second at once. Used by one thread at a time; times are in seconds of one clock.</summary>
internal struct TokenBucket
{
    private const double Rounding = 1e-6;

    private double _taken; // since what was taken is kept, and not what is left, a bucket begins full and an edited rate applies at once
    private double _counted;

    /// <summary>Whether one more may come now.</summary>
    /// <param name="rate">The rate per second.</param>
    /// <param name="now">The time.</param>
    public bool HasToken(int rate, double now)
    {
        _taken = Math.Max(0, Math.Min(_taken, rate) - ((now - _counted) * rate));
        _counted = now;
        return _taken <= rate - 1 + Rounding;
    }

    /// <summary>Takes a token, after <see cref="HasToken"/> for the same time.</summary>
    public void Take() => _taken++;
}
