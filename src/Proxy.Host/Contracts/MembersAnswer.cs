using Proxy.Channels;

namespace Proxy.Host.Contracts;

/// <summary>The other instances of the group.</summary>
/// <param name="Stale">Whether the list may be out of date, because its source does not answer.</param>
/// <param name="Members">The members, ordered by id.</param>
internal sealed record MembersAnswer(bool Stale, IReadOnlyList<MemberStatus> Members)
{
    /// <summary>The members that were lost in the last hour without leaving, and have not come back.</summary>
    public IReadOnlyList<LostMember> Lost { get; init; } = [];
}
