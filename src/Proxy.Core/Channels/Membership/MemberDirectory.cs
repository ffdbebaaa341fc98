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
        return [.. before.All.Keys.Where(id => !next.All.ContainsKey(id))];
    }

    private MemberSet Next(MemberSet before, MembershipUpdate update) =>
        update switch
        {
            MembershipUpdate.Full full => Set(full.Members, stale: false),
            MembershipUpdate.Changed changed => Set(
                before.All.Values.Where(member => !SameId(member.Id, changed.Member.Id)).Append(changed.Member),
                before.Stale
            ),
            MembershipUpdate.Gone gone => Set(before.All.Values.Where(member => !SameId(member.Id, gone.Id)), before.Stale),
            MembershipUpdate.Stale => Set(before.All.Values, stale: true),
            _ => Set(before.All.Values, stale: false),
        };

    private MemberSet Set(IEnumerable<MemberRecord> members, bool stale) => new(members.Where(member => !SameId(member.Id, self)), stale);

    private static bool SameId(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
