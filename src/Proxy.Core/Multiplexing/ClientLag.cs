namespace Proxy.Multiplexing;

/// <summary>
/// How far a client is behind in the middle of a message: the time for which others have waited for it, less a second for each
/// <c>MinDataRate</c> bytes. A single byte now and then is therefore no progress. Guarded by the lock of its owner.
/// </summary>
internal sealed class ClientLag
{
    private long _checked;
    private long _behind;

    /// <summary>The clock's milliseconds since when the client has to do something; null while it has not.</summary>
    public long? Since { get; private set; }

    /// <summary>From now on the client has to go on.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    public void Begin(long now) => Since = _checked = now;

    /// <summary>The client has gone on.</summary>
    /// <param name="bytes">The bytes that it has sent or taken.</param>
    /// <param name="leastRate">The bytes a second that it has to reach; 0 for none.</param>
    public void End(int bytes, int leastRate)
    {
        Since = null;
        _behind = leastRate == 0 ? 0 : Math.Max(0, _behind - (bytes * 1000L / leastRate));
    }

    /// <summary>A new message begins.</summary>
    public void Clear()
    {
        Since = null;
        _behind = 0;
    }

    /// <summary>Counts the time since the last check if others have waited.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    /// <param name="keepsOthersWaiting">Whether others wait for the client.</param>
    /// <returns>The milliseconds since the last byte, or those that the client is behind if these are more.</returns>
    public long Check(long now, bool keepsOthersWaiting)
    {
        if (Since is not { } since)
        {
            return 0;
        }

        _behind += keepsOthersWaiting ? now - _checked : 0;
        _checked = now;
        return Math.Max(now - since, _behind);
    }
}
