using System.Collections.Immutable;
using System.Net;

namespace Proxy.Channels.Membership;

/// <summary>The present members without this instance. One writer; readers see a complete, immutable set.</summary>
/// <param name="self">The id of this instance.</param>
/// <param name="address">Returns the loopback address of this instance; null if members need none.</param>
internal sealed class MemberDirectory(string self, Func<IPAddress>? address = null)
{
    private volatile MemberSet _current = MemberSet.None;

    public MemberSet Current => _current;

    /// <summary>Applies an update.</summary>
    /// <returns>The ids of members that are gone because of it.</returns>
    public IReadOnlyList<string> Apply(MembershipUpdate update)
    {
        var before = _current;
        var next = Next(before, update);
        _current = next;
        before.Changed.TrySetResult();
        return update switch
        {
            _ when !ReferenceEquals(before.Refused, next.Refused) => Lost(before, next),
            // Looked up one by one, since thousands may go at once.
            MembershipUpdate.Gone gone => before.All.ContainsKey(gone.Id) ? [gone.Id] : [],
            MembershipUpdate.Full => Lost(before, next),
            _ => [],
        };
    }

    private static List<string> Lost(MemberSet before, MemberSet next) => [.. before.All.Keys.Where(id => !next.All.ContainsKey(id))];

    private MemberSet Next(MemberSet before, MembershipUpdate update) =>
        update switch
        {
            MembershipUpdate.Full full => Resolve(Others(full.Members), stale: false),
            MembershipUpdate.Changed changed => Join(before, changed.Member),
            MembershipUpdate.Gone gone => Leave(before, gone.Id),
            MembershipUpdate.Stale => new(before.Known, before.Refused, stale: true),
            _ => new(before.Known, before.Refused, stale: false),
        };

    private MemberSet Join(MemberSet before, MemberRecord member) =>
        IsSelf(member.Id) ? new(before.Known, before.Refused, before.Stale)
        : IsForNobodyElse(before, member) ? new(before.Known.SetItem(member.Id, member), before.Refused, before.Stale)
        : Resolve(before.Known.SetItem(member.Id, member), before.Stale);

    private MemberSet Leave(MemberSet before, string id) =>
        before.Refused.Count == 0
            ? new(before.Known.Remove(id), before.Refused, before.Stale)
            : Resolve(before.Known.Remove(id), before.Stale);

    // Saves comparing all members with each other whenever one joins.
    private bool IsForNobodyElse(MemberSet before, MemberRecord member) =>
        before.Known.TryGetValue(member.Id, out var known)
            ? known.LocalAddress.Equals(member.LocalAddress)
            : address is null
                || (
                    AddressConflicts.Refuse(self, address(), [member]).Count == 0
                    && !before.Known.Values.Any(other => other.LocalAddress.Equals(member.LocalAddress))
                );

    private MemberSet Resolve(ImmutableDictionary<string, MemberRecord> known, bool stale) =>
        new(known, address is null ? MemberSet.None.Refused : AddressConflicts.Refuse(self, address(), known.Values), stale);

    private ImmutableDictionary<string, MemberRecord> Others(IReadOnlyList<MemberRecord> members) =>
        MemberSet.None.Known.SetItems(
            members.Where(member => !IsSelf(member.Id)).Select(static member => KeyValuePair.Create(member.Id, member))
        );

    private bool IsSelf(string id) => id == self;
}
