using System.Net;

namespace Proxy.Channels.Membership;

/// <summary>Decides which instance keeps a local address that several publish.</summary>
internal static class AddressConflicts
{
    /// <summary>
    /// The instances that can be no members here, and why: of several with one address all but the first id in ordinal order, and those
    /// with addresses of another kind. The own address is never another's here, even if it is everywhere else.
    /// </summary>
    /// <param name="self">The own instance.</param>
    /// <param name="own">Its address; the loopback in Mode Port, where no instance has one of its own.</param>
    /// <param name="members">The other instances.</param>
    public static IReadOnlyDictionary<string, string> Refuse(string self, IPAddress own, IEnumerable<MemberRecord> members)
    {
        var refused = new Dictionary<string, string>(StringComparer.Ordinal);
        var keepers = new Dictionary<IPAddress, string>();
        foreach (var member in members.OrderBy(static member => member.Id, StringComparer.Ordinal))
        {
            var (id, address) = (member.Id, member.LocalAddress);
            if (address.Equals(IPAddress.Loopback) != own.Equals(IPAddress.Loopback))
            {
                refused[id] =
                    $"the instance '{id}' has another Loopback:Mode than '{self}', and is no member for it; set the same at both.";
            }
            else if (address.Equals(IPAddress.Loopback))
            {
                continue;
            }
            else if (address.Equals(own))
            {
                refused[id] = Explain(address, [self, id]);
            }
            else if (!keepers.TryAdd(address, id))
            {
                refused[id] = Explain(address, [keepers[address], id]);
            }
        }

        return refused;
    }

    private static string Explain(IPAddress address, string[] ids)
    {
        Array.Sort(ids, StringComparer.Ordinal);
        return $"the instances '{ids[0]}' and '{ids[1]}' have the local address {address}; '{ids[0]}' keeps it, set Instance:Ordinal at the other.";
    }
}
