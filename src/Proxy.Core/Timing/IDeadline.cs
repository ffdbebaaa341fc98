namespace Proxy.Timing;

/// <summary>An entry of the <see cref="DeadlineClock"/>.</summary>
public interface IDeadline
{
    /// <summary>Called synchronously at each tick of the clock; has to be quick and must not throw.</summary>
    /// <param name="now">The clock's time in milliseconds.</param>
    void Check(long now);
}
