using System.Net;
using Proxy.Channels.Membership;
using Proxy.Configuration;

namespace Proxy.Channels;

/// <summary>Which addresses local clients are to find, given the configuration and the members.</summary>
internal sealed class CallPlan(LocalAddressBook book)
{
    public Dictionary<CallKey, IPEndPoint> Wanted(ChannelModel model, MemberSet members)
    {
        var wanted = new Dictionary<CallKey, IPEndPoint>();
        var requests = book.Requests(
            model.Config.Items.Where(static pair => pair.Value.Type == ChannelType.Request).Select(static pair => pair.Key)
        );
        foreach (var (name, channel) in model.Config.Items.Where(static pair => pair.Value.Calls))
        {
            if (channel.Type == ChannelType.Duplex)
            {
                AddMembers(wanted, model, name, channel, members);
            }
            else if (channel.WhenEmpty == WhenEmpty.Wait || ChannelModel.Servers(channel, members).Any())
            {
                var port = channel.Port!.Value;
                wanted[new(name, "", port)] = new(model.HasAddresses ? model.Local(requests[name]) : IPAddress.Loopback, port);
            }
        }

        return wanted;
    }

    /// <summary>The members that local clients can reach by name, on each port that both sides have.</summary>
    public static IEnumerable<(MemberRecord Member, int Port)> Reachable(ChannelConfig channel, MemberSet members) =>
        ChannelModel
            .Servers(channel, members)
            .OrderBy(static member => member.Id, StringComparer.Ordinal)
            .SelectMany(member => channel.AllPorts.Intersect(member.Find(channel.Connector)!.Ports).Select(port => (member, port)));

    /// <summary>Remembers which local ports stand for whom.</summary>
    public void Keep(ChannelModel model, IEnumerable<CallKey> keys, CallListeners listeners)
    {
        foreach (var key in keys.Where(key => !model.HasAddresses && key.Member.Length > 0))
        {
            if (listeners.Bound(key) is { } bound)
            {
                book.KeepPort(key.Member, key.Port, bound.Port);
            }
        }
    }

    private void AddMembers(
        Dictionary<CallKey, IPEndPoint> wanted,
        ChannelModel model,
        string name,
        ChannelConfig channel,
        MemberSet members
    )
    {
        foreach (var (member, port) in Reachable(channel, members))
        {
            wanted[new(name, member.Id, port)] = model.HasAddresses
                ? new(model.Local(member.LocalAddress), port)
                : new(IPAddress.Loopback, book.Port(member.Id, port));
        }
    }
}
