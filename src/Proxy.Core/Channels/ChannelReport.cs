using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration;

namespace Proxy.Channels;

/// <summary>Says of each channel what is to be told of it.</summary>
internal static class ChannelReport
{
    public static List<ChannelState> Of(ChannelModel model, MemberSet members, CallListeners listeners) =>
        [.. model.Config.Items.Select(pair => Of(model, pair.Key, pair.Value, members, listeners))];

    private static ChannelState Of(ChannelModel model, string name, ChannelConfig channel, MemberSet members, CallListeners listeners)
    {
        var state = new ChannelState(name, channel.Connector, channel.Type!.Value.ToString().ToLowerInvariant())
        {
            Stale = members.Stale,
            Ip = model.BindIp.ToString(),
            Port = channel.AllPorts[0],
        };
        if (channel.Type == ChannelType.Request)
        {
            var bound = listeners.Bound(new(name, "", channel.Port!.Value));
            return state with { Listening = bound is not null, Ip = bound?.Address.ToString() };
        }

        return channel.Calls ? state with { Listening = true, Members = [.. Members(name, channel, members, listeners)] } : state;
    }

    // Only who is bound is told: local clients are about to connect.
    private static IEnumerable<ChannelMemberState> Members(
        string name,
        ChannelConfig channel,
        MemberSet members,
        CallListeners listeners
    ) =>
        from pair in CallPlan.Reachable(channel, members)
        let bound = listeners.Bound(new(name, pair.Member.Id, pair.Port))
        where bound is not null
        select new ChannelMemberState(pair.Member.Id, bound.Address.ToString(), bound.Port, pair.Member.State, pair.Member.Epoch);
}
