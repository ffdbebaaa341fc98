using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>
/// Queries on the configuration of channels: which channel calls or serves a connector, and which members it may connect to.
/// </summary>
internal static class ChannelLookup
{
    /// <summary>The channel that calls a connector; the first by name if there are several, null if there is none.</summary>
    public static ChannelConfig? Caller(this ChannelsConfig config, string connector) =>
        config
            .Items.Where(pair => pair.Value.Calls && pair.Value.IsOf(connector))
            .OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .Select(static pair => pair.Value)
            .FirstOrDefault();

    /// <summary>The channel that serves a connector, of which the configuration has at most one; null if there is none.</summary>
    public static (string Name, ChannelConfig Channel)? Server(this ChannelsConfig config, string connector)
    {
        foreach (var (name, channel) in config.Items)
        {
            if (channel.Serves && channel.IsOf(connector))
            {
                return (name, channel);
            }
        }

        return null;
    }

    /// <summary>Whether a channel calls or serves a connector.</summary>
    public static bool IsOf(this ChannelConfig channel, string connector) =>
        channel.Connector.Equals(connector, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether an instance may connect to what a channel serves.</summary>
    public static bool Allows(this ChannelConfig channel, string instance, MemberSet members) =>
        channel.Allow is { } patterns
            ? InstancePattern.Matches(patterns, instance)
            : members.All.TryGetValue(instance, out var member) && member.Find(channel.Connector) is not null;

    /// <summary>Whether an instance may serve the clients of a channel.</summary>
    public static bool Accepts(this ChannelConfig channel, string instance) =>
        channel.Offer is null || InstancePattern.Matches(channel.Offer, instance);

    /// <summary>The members that serve the clients of a channel at present.</summary>
    public static IEnumerable<MemberRecord> Servers(this ChannelConfig channel, MemberSet members) =>
        members.All.Values.Where(member =>
            member.Find(channel.Connector) is { Serves: true } part
            && part.Duplex == (channel.Type == ChannelType.Duplex)
            && channel.Accepts(member.Id)
        );

    /// <summary>The members that local clients reach by name, once for each port that both the channel and the member have.</summary>
    public static IEnumerable<(MemberRecord Member, int Port)> Reachable(this ChannelConfig channel, MemberSet members) =>
        channel
            .Servers(members)
            .OrderBy(static member => member.Id, StringComparer.Ordinal)
            .SelectMany(member => channel.AllPorts.Intersect(member.Find(channel.Connector)!.Ports).Select(port => (member, port)));
}
