namespace Proxy.Etcd.Locking;

/// <summary>
/// The time after keys have vanished that were not released: their host has reset its clients by then, and their services get this long to notice. Guarded by
/// the lock of its owner.
/// </summary>
internal sealed class Grace(TimeProvider time)
{
    private long _since;
    private int _rank;
    private bool _isOn;

    /// <summary>How long it takes.</summary>
    public static TimeSpan Length { get; } = TimeSpan.FromSeconds(2);

    /// <summary>What is left of it; zero when it is over.</summary>
    public TimeSpan Left
    {
        get
        {
            var left = _isOn ? Length - time.GetElapsedTime(_since) : TimeSpan.Zero;
            _isOn &= left > TimeSpan.Zero;
            return _isOn ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Begins anew.</summary>
    /// <param name="rank">The best rank of those that have vanished.</param>
    public void Begin(int rank)
    {
        _rank = Left > TimeSpan.Zero ? Math.Min(rank, _rank) : rank;
        (_since, _isOn) = (time.GetTimestamp(), true);
    }

    /// <summary>Whether a client that has vanished may have held one of so many permits.</summary>
    public bool Concerns(int permits) => Left > TimeSpan.Zero && _rank < permits;
}
