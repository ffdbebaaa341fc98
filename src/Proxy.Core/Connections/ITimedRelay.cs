namespace Proxy.Connections;

/// <summary>A relay whose deadlines are checked at the times that it asks for.</summary>
internal interface ITimedRelay
{
    /// <summary>Checks the deadlines; has to be quick and must not throw.</summary>
    /// <param name="now">The time in milliseconds.</param>
    /// <returns>When to check again; <see cref="RelayDeadlines.Never"/> for not before it is asked for.</returns>
    long Check(long now);
}
