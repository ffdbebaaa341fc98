namespace Proxy.Configuration.Channels;

/// <summary>A program that is run for each notification, one after the other.</summary>
public sealed record ChannelExecConfig
{
    /// <summary>The program and its arguments; they are not interpreted by a shell.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Kills the program, and what it started, after this time; it is run again later.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}
