namespace Proxy.Connections;

/// <summary>
/// The side of a relay that is lost first, by a reset or a cut. What it had sent is delivered before the other side is reset, for which there is a while.
/// </summary>
/// <typeparam name="T">The sides.</typeparam>
internal struct LostSide<T>()
    where T : class
{
    private const int Grace = 5_000; // in milliseconds
    private T? _side;
    private long _expires = RelayDeadlines.Never;

    /// <summary>The side; null while none is lost.</summary>
    public readonly T? Side => Volatile.Read(in _side);

    /// <summary>When the other side is reset, whatever is not delivered.</summary>
    public readonly long Expires => Volatile.Read(in _expires);

    /// <summary>Records that a side is lost.</summary>
    /// <param name="side">The side.</param>
    /// <param name="deadlines">The relay's: bytes that wait for bandwidth then have the time of a connection that is closed on one side.</param>
    /// <param name="now">The time in milliseconds.</param>
    /// <returns>False if another one, or the same, was lost before.</returns>
    public bool Note(T side, RelayDeadlines deadlines, long now)
    {
        if (Interlocked.CompareExchange(ref _side, side, null) is not null)
        {
            return false;
        }

        Begin(now);
        deadlines.HalfClosed(now);
        return true;
    }

    /// <summary>Begins the while, if it has not begun, before a side counts as lost.</summary>
    public void Begin(long now) => Interlocked.CompareExchange(ref _expires, now + Grace, RelayDeadlines.Never);

    /// <summary>Begins it again, since bytes wait for bandwidth, which are not late.</summary>
    public void Postpone(long now) => Volatile.Write(ref _expires, now + Grace);

    /// <summary>Whether the while is over.</summary>
    public readonly bool IsLate(long now) => now >= Expires;
}
