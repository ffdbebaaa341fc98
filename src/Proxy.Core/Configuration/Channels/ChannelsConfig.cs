using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>Channels: legacy programs on many hosts communicate as if all of them were on localhost.</summary>
public sealed record ChannelsConfig
{
    /// <summary>The group: only instances of the same group connect to each other.</summary>
    public string Group { get; init; } = "";

    /// <summary>The identity of this instance.</summary>
    public ChannelInstanceConfig Instance { get; init; } = new();

    /// <summary>How instances reach each other; applied at start only.</summary>
    public TunnelConfig Tunnel { get; init; } = new();

    /// <summary>The local addresses that stand for members.</summary>
    public LoopbackConfig Loopback { get; init; } = new();

    /// <summary>The source of the members, and when their loss is believed.</summary>
    public MembershipConfig Membership { get; init; } = new();

    /// <summary>The channels, by name.</summary>
    public IReadOnlyDictionary<string, ChannelConfig> Items
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<ChannelConfig>();

    /// <summary>How long the connections of a member that has gone may continue; zero resets them immediately.</summary>
    [AllowZero]
    public TimeSpan MemberDrainTimeout { get; init; }

    /// <summary>The programs and URLs that are notified of changes.</summary>
    public ChannelNotifyConfig Notify { get; init; } = new();

    /// <summary>The connectors that a channel here calls.</summary>
    internal IReadOnlyCollection<string> Called() =>
        [.. Items.Values.Where(static channel => channel.Calls).Select(static channel => channel.Connector)];
}
