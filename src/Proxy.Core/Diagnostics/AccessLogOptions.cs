namespace Proxy.Diagnostics;

/// <summary>Options of the access log.</summary>
public sealed record AccessLogOptions
{
    /// <summary>Whether lines are JSON rather than text.</summary>
    public bool Json { get; init; } = true;

    /// <summary>Whether a line is written when the route of a connection is chosen, in addition to the one at its end.</summary>
    public bool Start { get; init; }

    /// <summary>
    /// The approximate interval of lines for an open connection, with its bytes so far; <see cref="Timeout.InfiniteTimeSpan"/> for no such
    /// lines.
    /// </summary>
    public TimeSpan Interval { get; init; } = Timeout.InfiniteTimeSpan;
}
