namespace Proxy.Multiplexing;

/// <summary>
/// Learns that a destination closes its connection after each answer. The next request would be sent into the closing connection, so each
/// connection is then used for one exchange. Guarded by the session's lock.
/// </summary>
internal sealed class SingleUse
{
    private const int Evidence = 2; // connections in a row
    private const long Soon = 1000; // milliseconds after the answer; a later end says that the destination closes idle connections
    private const long Remembered = 3_600_000; // milliseconds
    private int _seen;
    private long _until;

    /// <summary>Whether each connection is used for one exchange.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    public bool IsLearned(long now) => now < _until;

    /// <summary>Records that the destination has ended a connection.</summary>
    /// <returns>Whether this was learned thereby.</returns>
    public bool Ended(UpstreamConnection connection, long now)
    {
        if (IsLearned(now) || connection.Answers == 0)
        {
            return false;
        }

        _seen = connection.Answers == 1 && now - connection.AnsweredAt <= Soon ? _seen + 1 : 0;
        if (_seen < Evidence)
        {
            return false;
        }

        _seen = 0;
        _until = now + Remembered;
        return true;
    }

    /// <summary>Records that a connection was answered on twice.</summary>
    public void AnsweredAgain() => _seen = 0;

    public void Forget()
    {
        _seen = 0;
        _until = 0;
    }
}
