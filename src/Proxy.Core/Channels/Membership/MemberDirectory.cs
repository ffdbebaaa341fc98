using System.Collections.Immutable;

namespace Proxy.Channels.Membership;

/// <summary>The members as last told, the own instance not among them. One writer; readers see whole sets.</summary>
internal sealed class MemberDirectory(string self)
{
    private volatile MemberSet _current = MemberSet.None;

    public MemberSet Current => _current;

    /// <summary>Takes an update, and says who is gone by it.</summary>
    public IReadOnlyList<string> Apply(MembershipUpdate update)
    {
        var before = _current;
        var next = Next(before, update);
        _current = next;
        before.Changed.TrySetResult();
        return update switch
        {
            MembershipUpdate.Gone gone => before.All.ContainsKey(gone.Id) ? [gone.Id] : [], // of thousands at once, each is looked up alone
            MembershipUpdate.Full => [.. before.All.Keys.Where(id => !next.All.ContainsKey(id))],
            _ => [],
        };
    }

    private MemberSet Next(MemberSet before, MembershipUpdate update) =>
        update switch
        {
            MembershipUpdate.Full full => new(Others(full.Members), stale: false),
            MembershipUpdate.Changed changed => IsSelf(changed.Member.Id)
                ? new(before.All, before.Stale)
                : new(before.All.SetItem(changed.Member.Id, changed.Member), before.Stale),
            MembershipUpdate.Gone gone => new(before.All.Remove(gone.Id), before.Stale),
            MembershipUpdate.Stale => new(before.All, stale: true),
            _ => new(before.All, stale: false),
        };

    private ImmutableDictionary<string, MemberRecord> Others(IReadOnlyList<MemberRecord> members) =>
        MemberSet.None.All.SetItems(
            members.Where(member => !IsSelf(member.Id)).Select(static member => KeyValuePair.Create(member.Id, member))
        );

    private bool IsSelf(string id) => id == self;
}
