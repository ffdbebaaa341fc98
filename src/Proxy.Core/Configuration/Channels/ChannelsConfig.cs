using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>Channels: legacy programs on many hosts talk as if all were on localhost.</summary>
public sealed record ChannelsConfig
{
    /// <summary>Instances of one group see each other.</summary>
    public string Group { get; init; } = "";

    /// <summary>The identity of this instance.</summary>
    public ChannelInstanceConfig Instance { get; init; } = new();

    /// <summary>How instances reach each other; applied at start only.</summary>
    public TunnelConfig Tunnel { get; init; } = new();

    /// <summary>The local addresses that stand for members.</summary>
    public LoopbackConfig Loopback { get; init; } = new();

    /// <summary>Which members there are.</summary>
    public MembershipConfig Membership { get; init; } = new();

    /// <summary>The channels, by name.</summary>
    public IReadOnlyDictionary<string, ChannelConfig> Items
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<ChannelConfig>();

    /// <summary>How long the connections of a member that is gone may go on; zero resets them at once.</summary>
    [AllowZero]
    public TimeSpan MemberDrainTimeout { get; init; }

    /// <summary>The programs and addresses that are told about changes.</summary>
    public ChannelNotifyConfig Notify { get; init; } = new();

    /// <summary>The connectors that a channel here calls.</summary>
    internal IReadOnlyCollection<string> Called() =>
        [.. Items.Values.Where(static channel => channel.Calls).Select(static channel => channel.Connector)];
}
