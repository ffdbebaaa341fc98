using System.Net;

namespace Proxy.Channels.Membership;

/// <summary>Decides which of several instances with the same local address keeps it.</summary>
internal static class AddressConflicts
{
    /// <summary>
    /// The instances that are refused as members here, with the reason. Of several with one address, the first id in ordinal order keeps
    /// it; instances whose addresses are of another loopback mode are refused too. This instance's own address is always its own here, even
    /// where other instances decide otherwise.
    /// </summary>
    /// <param name="self">The id of this instance.</param>
    /// <param name="own">The address of this instance; 127.0.0.1 in mode Port, where no instance has an address of its own.</param>
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
                    $"the instance '{id}' has another Loopback:Mode than '{self}' and is refused as a member; set the same mode at both.";
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
        return $"the instances '{ids[0]}' and '{ids[1]}' have the same local address {address}; '{ids[0]}' keeps it and the other is refused as a member, set Instance:Ordinal there.";
    }
}
