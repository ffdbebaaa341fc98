namespace Proxy.Multiplexing;

/// <summary>
/// How far a client is behind in the middle of a message: the time for which others have waited for it, less a second for each
/// <c>MinDataRate</c> bytes. A single byte now and then is therefore no progress. Guarded by the lock of its owner.
/// </summary>
internal sealed class ClientLag
{
    private long _counted; // the time until which the client's waits are counted
    private long _waited; // since the last check, less what the client has made up for
    private long _behind;

    /// <summary>The clock's milliseconds since when the client has to do something; null while it has not.</summary>
    public long? Since { get; private set; }

    /// <summary>From now on the client has to go on.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    public void Begin(long now) => Since = _counted = now;

    /// <summary>The client has gone on.</summary>
    /// <param name="bytes">The bytes that it has sent or taken.</param>
    /// <param name="leastRate">The bytes a second that it has to reach; 0 for none.</param>
    /// <param name="now">Milliseconds of the clock.</param>
    public void End(int bytes, int leastRate, long now)
    {
        _waited += Since is null ? 0 : now - _counted;
        Since = null;
        var madeUp = leastRate == 0 ? long.MaxValue : bytes * 1000L / leastRate;
        var ofWaited = Math.Min(_waited, madeUp);
        _waited -= ofWaited;
        _behind = Math.Max(0, _behind - (madeUp - ofWaited));
    }

    /// <summary>A new message begins.</summary>
    public void Clear()
    {
        Since = null;
        _behind = _waited = 0;
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

        // Bytes more frequent than checks end each wait before a check sees it.
        _behind += keepsOthersWaiting ? _waited + now - _counted : 0;
        _waited = 0;
        _counted = now;
        return Math.Max(now - since, _behind);
    }
}
