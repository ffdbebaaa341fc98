namespace Proxy.Configuration.Channels;

/// <summary>A member, as configured. What it really serves is queried from it.</summary>
public sealed record ChannelMemberConfig
{
    /// <summary>The host and port of its tunnel.</summary>
    public string Address { get; init; } = "";

    /// <summary>The connectors that it may call or serve; absent means all.</summary>
    public IReadOnlyList<string>? Connectors { get; init; }
}
