namespace Proxy.Configuration.Channels;

/// <summary>A program that is run for each notification, one after the other.</summary>
public sealed record ChannelExecConfig
{
    /// <summary>The program and its arguments; no shell reads them.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Ends the program, and what it started, after this long; it is tried again then.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}
