using System.Net;
using Proxy.Channels.Membership;
using Proxy.Configuration;

namespace Proxy.Channels;

/// <summary>What applies to connections that come now: the configuration, this instance and the address its servers listen on.</summary>
internal sealed record ChannelModel(ChannelsConfig Config, IPAddress BindIp, string Epoch)
{
    /// <summary>The channels that serve, by connector.</summary>
    public IReadOnlyDictionary<string, (string Name, ChannelConfig Channel)> Served { get; } =
        Config
            .Items.Where(static pair => pair.Value.Serves)
            .ToDictionary(static pair => pair.Value.Connector, static pair => (pair.Key, pair.Value), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether members have addresses of their own.</summary>
    public bool HasAddresses => Config.Loopback.Mode == LoopbackMode.Address;

    /// <summary>What stands here for an address that is the same everywhere.</summary>
    public IPAddress Local(IPAddress address) => LocalAddress.In(address, Config.Loopback.NetworkNumber);

    /// <summary>The channel here that calls a connector, the first by name of several; null when none does.</summary>
    public ChannelConfig? Called(string connector) =>
        Config
            .Items.Where(pair => pair.Value.Calls && pair.Value.Connector.Equals(connector, StringComparison.OrdinalIgnoreCase))
            .OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .Select(static pair => pair.Value)
            .FirstOrDefault();

    /// <summary>Whether an instance may reach what a channel serves.</summary>
    public static bool Allows(ChannelConfig channel, string instance, MemberSet members) =>
        channel.Allow is { } patterns
            ? InstancePattern.Matches(patterns, instance)
            : members.All.TryGetValue(instance, out var member) && member.Find(channel.Connector) is not null;

    /// <summary>The members that serve a channel's clients now.</summary>
    public static IEnumerable<MemberRecord> Servers(ChannelConfig channel, MemberSet members) =>
        members.All.Values.Where(member =>
            member.Find(channel.Connector) is { Serves: true } part
            && part.Duplex == (channel.Type == ChannelType.Duplex)
            && (channel.Offer is null || InstancePattern.Matches(channel.Offer, member.Id))
        );
}
