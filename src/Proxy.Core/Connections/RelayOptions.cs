namespace Proxy.Connections;

/// <summary>The deadlines of a relay, and its bandwidth; <see cref="Timeout.InfiniteTimeSpan"/> disables one.</summary>
internal sealed record RelayOptions
{
    private const double LargestJitter = 0.1;

    /// <summary>The time without a byte in either direction after which the connection is ended.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The time that one side may continue after the other side's FIN.</summary>
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest duration of a connection.</summary>
    public TimeSpan MaxDuration { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The bandwidth of the connection in each direction; null for one without a limit that could be edited.</summary>
    public Bandwidth? Bandwidth { get; init; }

    /// <summary>
    /// Whether the upstream is told the client's end at once, also when its own came first. Otherwise closing tells it, which is late while a child process
    /// that is being started holds a copy of the descriptor, and costs a system call less.
    /// </summary>
    public bool EndsUpstreamAtOnce { get; init; }

    /// <summary>
    /// The options of one connection, with <see cref="MaxDuration"/> shortened a little at random, so that connections which began together
    /// do not end together.
    /// </summary>
    internal RelayOptions Jittered(Random random) =>
        MaxDuration < TimeSpan.Zero ? this : this with { MaxDuration = MaxDuration * (1 - (LargestJitter * random.NextDouble())) };
}
