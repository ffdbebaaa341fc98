using System.Collections.Immutable;

namespace Proxy.Channels.Membership;

/// <summary>The members at one moment; immutable.</summary>
/// <param name="known">All members that are known, by id.</param>
/// <param name="refused">The ids of members that are refused here, with the reason.</param>
/// <param name="stale">Whether the registry is unreachable, so that the set may be out of date.</param>
internal sealed class MemberSet(ImmutableDictionary<string, MemberRecord> known, IReadOnlyDictionary<string, string> refused, bool stale)
{
    /// <summary>The set before the first update: empty.</summary>
    public static MemberSet None { get; } =
        new(ImmutableDictionary.Create<string, MemberRecord>(StringComparer.Ordinal), ImmutableDictionary<string, string>.Empty, false);

    /// <summary>The members that are not refused, by id. Ids are compared with case, as certificates are.</summary>
    public ImmutableDictionary<string, MemberRecord> All { get; } = refused.Count == 0 ? known : known.RemoveRange(refused.Keys);

    /// <summary>All members that are known, including those that are refused.</summary>
    public ImmutableDictionary<string, MemberRecord> Known => known;

    /// <summary>The ids of members that are refused here, with the reason.</summary>
    public IReadOnlyDictionary<string, string> Refused => refused;

    /// <summary>Whether the registry is unreachable, so that the set may be out of date.</summary>
    public bool Stale => stale;

    /// <summary>Completes when a newer set has replaced this one.</summary>
    public TaskCompletionSource Changed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
