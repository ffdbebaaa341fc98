using System.Collections.Concurrent;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>
/// Picks the member for a tunnel among those that serve and that no operator has drained: suspects last, the instance's own zone first, then of two random members the one
/// with fewer tunnels.
/// </summary>
internal sealed class MemberBalancer(ThisInstance instance, MemberSuspicion suspicion, DrainedMembers drained, Random random)
{
    private readonly ConcurrentDictionary<string, int> _open = new(StringComparer.Ordinal);

    /// <summary>The number of open tunnels to a member.</summary>
    public int Open(string member) => _open.GetValueOrDefault(member);

    /// <summary>Picks a member that has not been tried yet; null when none is left.</summary>
    public MemberRecord? Pick(ChannelConfig channel, MemberSet members, IReadOnlyCollection<string> tried)
    {
        var able = channel
            .Servers(members)
            .Where(member => member.State == MemberState.Up && !tried.Contains(member.Id) && !drained.Has(member.Id))
            .ToList();
        var trusted = able.FindAll(member => !suspicion.Has(member.Id));
        able = trusted.Count > 0 ? trusted : able;
        var near = instance.Zone is { } zone ? able.Where(member => member.Zone == zone).ToList() : [];
        return Lighter(near.Count > 0 ? near : able);
    }

    public void Opened(string member) => _open.AddOrUpdate(member, 1, static (_, count) => count + 1);

    public void Closed(string member) => _open.AddOrUpdate(member, 0, static (_, count) => count - 1);

    private MemberRecord? Lighter(List<MemberRecord> members)
    {
        if (members.Count <= 1)
        {
            return members.FirstOrDefault();
        }

        var first = random.Next(members.Count);
        var second = (first + 1 + random.Next(members.Count - 1)) % members.Count;
        return Open(members[first].Id) <= Open(members[second].Id) ? members[first] : members[second];
    }
}
