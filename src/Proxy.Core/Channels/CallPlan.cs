using System.Net;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>Computes which addresses local clients can connect to, from the configuration and the members.</summary>
internal sealed class CallPlan(ThisInstance instance, LocalAddressBook book)
{
    public Dictionary<CallKey, IPEndPoint> Wanted(ChannelsConfig config, MemberSet members)
    {
        var wanted = new Dictionary<CallKey, IPEndPoint>();
        var requests = book.Requests(
            config.Items.Where(static pair => pair.Value.Type == ChannelType.Request).Select(static pair => pair.Key)
        );
        foreach (var (name, channel) in config.Items.Where(static pair => pair.Value.Calls))
        {
            if (channel.Type == ChannelType.Duplex)
            {
                AddMembers(wanted, name, channel, members);
            }
            else if (channel.WhenEmpty == WhenEmpty.Wait || channel.Servers(members).Any())
            {
                var port = channel.Port!.Value;
                wanted[new(name, "", port)] = new(instance.HasAddresses ? instance.Local(requests[name]) : IPAddress.Loopback, port);
            }
        }

        return wanted;
    }

    /// <summary>Remembers the local port that the system has chosen for a member, in mode Port.</summary>
    public void Keep(CallKey key, IPEndPoint bound)
    {
        if (!instance.HasAddresses && key.Member.Length > 0)
        {
            book.KeepPort(key.Member, key.Port, bound.Port);
        }
    }

    private void AddMembers(Dictionary<CallKey, IPEndPoint> wanted, string name, ChannelConfig channel, MemberSet members)
    {
        foreach (var (member, port) in channel.Reachable(members))
        {
            wanted[new(name, member.Id, port)] = instance.HasAddresses
                ? new(instance.Local(member.LocalAddress), port)
                : new(IPAddress.Loopback, book.Port(member.Id, port));
        }
    }
}
