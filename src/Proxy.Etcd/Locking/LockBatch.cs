using Proxy.Etcd.Client;

namespace Proxy.Etcd.Locking;

/// <summary>
/// Changes to the keys of one lock that are made at once. Where the answer is lost they are sent again as they are: the first new key must not exist, so they
/// are made once at most.
/// </summary>
/// <param name="Term">The term of the new keys; null if there are none.</param>
/// <param name="Added">The clients whose keys are written, in their order.</param>
/// <param name="Removed">The keys that are removed.</param>
/// <param name="Transaction">The changes.</param>
internal sealed record LockBatch(
    LeaseTerm? Term,
    IReadOnlyList<GlobalTicket> Added,
    IReadOnlyList<string> Removed,
    KeyTransaction Transaction
)
{
    /// <summary>Whether it was sent before.</summary>
    public bool IsRepeated { get; set; }
}
