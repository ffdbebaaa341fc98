using System.Collections.Immutable;

namespace Proxy.Channels.Membership;

/// <summary>The members at one moment.</summary>
internal sealed class MemberSet(ImmutableDictionary<string, MemberRecord> all, bool stale)
{
    /// <summary>What is known before the first update: nothing.</summary>
    public static MemberSet None { get; } = new(ImmutableDictionary.Create<string, MemberRecord>(StringComparer.Ordinal), false);

    /// <summary>By id, as the certificate has it: another case is another instance.</summary>
    public ImmutableDictionary<string, MemberRecord> All => all;

    /// <summary>Whether the registry is away.</summary>
    public bool Stale => stale;

    /// <summary>Completes when there is a newer set.</summary>
    public TaskCompletionSource Changed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The same without some.</summary>
    public MemberSet Without(IEnumerable<string> ids) => new(all.RemoveRange(ids), stale);
}
