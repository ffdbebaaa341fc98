using Proxy.Channels;

namespace Proxy.Host.Contracts;

/// <summary>The other instances of the group.</summary>
/// <param name="Stale">Whether the source of the members does not answer, so that the list may be out of date.</param>
/// <param name="Members">By id.</param>
internal sealed record MembersAnswer(bool Stale, IReadOnlyList<MemberStatus> Members);
