using System.Net;
using Proxy.Channels.Membership;

namespace Proxy.Channels;

/// <summary>Of several members with one address, the first id in ordinal order keeps it.</summary>
internal static class AddressConflicts
{
    /// <summary>Splits members into those that have their address to themselves, and those that lost it, with the id that keeps it.</summary>
    public static (IReadOnlyList<MemberRecord> Kept, IReadOnlyList<(MemberRecord Member, string Keeper)> Lost) Resolve(
        IEnumerable<MemberRecord> members
    )
    {
        var keepers = new Dictionary<IPAddress, string>();
        var kept = new List<MemberRecord>();
        var lost = new List<(MemberRecord, string)>();
        foreach (var member in members.OrderBy(static member => member.Id, StringComparer.Ordinal))
        {
            if (keepers.TryAdd(member.LocalAddress, member.Id))
            {
                kept.Add(member);
            }
            else
            {
                lost.Add((member, keepers[member.LocalAddress]));
            }
        }

        return (kept, lost);
    }
}
