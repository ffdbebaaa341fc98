namespace Proxy.Configuration.Channels;

/// <summary>A member as configured; what it offers really is asked of it.</summary>
public sealed record ChannelMemberConfig
{
    /// <summary>The host and port of its tunnel.</summary>
    public string Address { get; init; } = "";

    /// <summary>The connectors it may take part in; absent means all.</summary>
    public IReadOnlyList<string>? Connectors { get; init; }
}
