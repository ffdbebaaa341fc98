namespace Proxy.Timing;

/// <summary>Something that may become overdue. One entry of the <see cref="DeadlineClock"/>.</summary>
public interface IDeadline
{
    /// <summary>Called at each tick of the clock, inline: must be quick and must not throw.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    void Check(long now);
}
