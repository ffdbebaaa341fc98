namespace Proxy.Connections.Linux;

/// <summary>An object with deadlines that the timer wheel of its loop checks.</summary>
internal abstract class LoopTimer
{
    /// <summary>The value for no deadline.</summary>
    public const long Never = long.MaxValue;

    internal LoopTimer? Previous { get; set; }

    internal LoopTimer? Next { get; set; }

    internal long Tick { get; set; }

    internal bool IsScheduled { get; set; }

    /// <summary>Called on the loop's thread when a deadline may have passed.</summary>
    /// <param name="now">The loop's time in milliseconds.</param>
    /// <returns>The time of the next call in milliseconds, or <see cref="Never"/>.</returns>
    public abstract long OnTimer(long now);
}
