namespace Proxy.Connections;

/// <summary>A relay's deadlines; <see cref="Timeout.InfiniteTimeSpan"/> switches one off.</summary>
internal sealed record RelayOptions
{
    private const double LargestJitter = 0.1;

    /// <summary>No byte either way for so long ends the connection.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long one side may go on after the other side's FIN.</summary>
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest life of a connection.</summary>
    public TimeSpan MaxDuration { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The same for one connection: a little less of <see cref="MaxDuration"/>, since connections that began together should not end together.</summary>
    internal RelayOptions Jittered(Random random) =>
        MaxDuration < TimeSpan.Zero ? this : this with { MaxDuration = MaxDuration * (1 - (LargestJitter * random.NextDouble())) };
}
