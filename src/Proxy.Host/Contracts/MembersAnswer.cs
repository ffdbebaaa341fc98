using Proxy.Channels;

namespace Proxy.Host.Contracts;

/// <summary>The other instances of the group.</summary>
/// <param name="Stale">Whether whoever says who they are is away, so that they may be others by now.</param>
/// <param name="Members">By id.</param>
internal sealed record MembersAnswer(bool Stale, IReadOnlyList<MemberStatus> Members);
