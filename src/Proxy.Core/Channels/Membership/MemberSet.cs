using System.Collections.Immutable;

namespace Proxy.Channels.Membership;

/// <summary>The members at one moment.</summary>
/// <param name="known">All that are known, by id.</param>
/// <param name="refused">Those that can be no members here, and why.</param>
/// <param name="stale">Whether the registry is away.</param>
internal sealed class MemberSet(ImmutableDictionary<string, MemberRecord> known, IReadOnlyDictionary<string, string> refused, bool stale)
{
    /// <summary>What is known before the first update: nothing.</summary>
    public static MemberSet None { get; } =
        new(ImmutableDictionary.Create<string, MemberRecord>(StringComparer.Ordinal), ImmutableDictionary<string, string>.Empty, false);

    /// <summary>The members, by id as the certificate has it: another case is another instance.</summary>
    public ImmutableDictionary<string, MemberRecord> All { get; } = refused.Count == 0 ? known : known.RemoveRange(refused.Keys);

    /// <summary>The members, and those that can be none here.</summary>
    public ImmutableDictionary<string, MemberRecord> Known => known;

    /// <summary>Who can be no member here, and why.</summary>
    public IReadOnlyDictionary<string, string> Refused => refused;

    /// <summary>Whether the registry is away.</summary>
    public bool Stale => stale;

    /// <summary>Completes when there is a newer set.</summary>
    public TaskCompletionSource Changed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
