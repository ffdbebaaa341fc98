using System.Text;

namespace Proxy.Etcd.Locking;

/// <summary>This process, as its keys in locks name it.</summary>
/// <param name="instance">The id of the host in its group.</param>
/// <param name="epoch">What differs at each start.</param>
internal sealed class LockHost(string instance, string epoch)
{
    private long _names;

    /// <summary>The beginning of the names of all keys of this process.</summary>
    public string Name { get; } = $"{Uri.EscapeDataString(instance)}-{Uri.EscapeDataString(epoch)}-";

    /// <summary>The value of the key that is written with each release.</summary>
    public byte[] Mark { get; } = Encoding.UTF8.GetBytes(instance);

    /// <summary>A name that no key had before; names sort in the order in which they were made.</summary>
    public string NextName() => FormattableString.Invariant($"{Name}{Interlocked.Increment(ref _names):D12}");

    public LockRecord Record(GlobalTicket ticket, int order) =>
        new(instance, ticket.Client.Id, ticket.Client.Client?.ToString(), order, ticket.IsLocal);
}
