using System.Text;

namespace Proxy.Etcd.Locking;

/// <summary>This process, as its keys in locks name it.</summary>
/// <param name="instance">The id of the host in its group.</param>
/// <param name="epoch">What differs at each start.</param>
internal sealed class LockHost(string instance, string epoch)
{
    private readonly string _name = $"{Uri.EscapeDataString(instance)}-{Uri.EscapeDataString(epoch)}-";
    private long _names;
    private long _openings;

    /// <summary>The value of the key that is written with each release.</summary>
    public byte[] Mark { get; } = Encoding.UTF8.GetBytes(instance);

    /// <summary>The beginning of the names of the keys of a lock that this process opens: one that it has closed may still be removing its own.</summary>
    public string Open() => FormattableString.Invariant($"{_name}{Interlocked.Increment(ref _openings)}-");

    /// <summary>A name that no key had before; those of one lock sort in the order in which they were made.</summary>
    /// <param name="beginning">What <see cref="Open"/> has returned.</param>
    public string NextName(string beginning) => FormattableString.Invariant($"{beginning}{Interlocked.Increment(ref _names):D12}");

    public LockRecord Record(GlobalTicket ticket, int order) =>
        new(instance, ticket.Client.Id, ticket.Client.Client?.ToString(), order, ticket.IsLocal);
}
