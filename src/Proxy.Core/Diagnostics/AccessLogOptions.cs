namespace Proxy.Diagnostics;

/// <summary>What is written to the access log, and how.</summary>
public sealed record AccessLogOptions
{
    /// <summary>JSON lines, or text.</summary>
    public bool Json { get; init; } = true;

    /// <summary>Whether a connection has a line when its route is chosen, besides the one at its end.</summary>
    public bool Start { get; init; }

    /// <summary>
    /// About how often an open connection has a line, with the bytes so far; <see cref="Timeout.InfiniteTimeSpan"/> for never.
    /// </summary>
    public TimeSpan Interval { get; init; } = Timeout.InfiniteTimeSpan;
}
