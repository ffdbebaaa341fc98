namespace Proxy.Connections.Linux;

/// <summary>Something with deadlines, linked into the wheel of its loop.</summary>
internal abstract class LoopTimer
{
    /// <summary>No deadline.</summary>
    public const long Never = long.MaxValue;

    internal LoopTimer? Previous { get; set; }

    internal LoopTimer? Next { get; set; }

    internal long Tick { get; set; }

    internal bool IsScheduled { get; set; }

    /// <summary>Called on the loop's thread when a deadline may be over.</summary>
    /// <param name="now">Milliseconds of the loop.</param>
    /// <returns>When to be asked again, or <see cref="Never"/>.</returns>
    public abstract long OnTimer(long now);
}
