using Proxy.Channels.Membership;

namespace Proxy.Channels;

/// <summary>A member as an operator sees it.</summary>
/// <param name="Id">The instance id.</param>
/// <param name="Epoch">Another one after each of its starts.</param>
/// <param name="State">How it is.</param>
/// <param name="Address">Where its tunnel is.</param>
/// <param name="LocalAddress">The loopback address that stands for it on every instance.</param>
/// <param name="Role">What it does in the group.</param>
/// <param name="Zone">Where it is.</param>
/// <param name="Connectors">The connectors it takes part in.</param>
public sealed record MemberStatus(
    string Id,
    string Epoch,
    MemberState State,
    string Address,
    string LocalAddress,
    string? Role,
    string? Zone,
    IReadOnlyList<MemberConnector> Connectors
);
