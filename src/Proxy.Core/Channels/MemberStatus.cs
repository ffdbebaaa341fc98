using Proxy.Channels.Membership;
using Proxy.Conditions;
using Proxy.Engine;

namespace Proxy.Channels;

/// <summary>A member, as shown to operators.</summary>
/// <param name="Id">The instance id.</param>
/// <param name="Epoch">A value that is new at every start of the instance.</param>
/// <param name="State">Whether it is up, draining or suspect.</param>
/// <param name="Address">The host and port of its tunnel.</param>
/// <param name="LocalAddress">The loopback address that stands for it on every instance.</param>
/// <param name="Role">Its role in the group, as configured there.</param>
/// <param name="Zone">Its zone, as configured there.</param>
/// <param name="Connectors">The connectors that it calls or serves.</param>
public sealed record MemberStatus(
    string Id,
    string Epoch,
    MemberState State,
    string Address,
    string LocalAddress,
    string? Role,
    string? Zone,
    IReadOnlyList<MemberConnector> Connectors
)
{
    /// <summary>Since when it has been in its state, as far as this instance knows.</summary>
    public DateTimeOffset? StateSince { get; init; }

    /// <summary>Whether an operator keeps new tunnels from it, here or for all hosts.</summary>
    public bool Drained { get; init; }

    /// <summary>Whether it is drained at this host.</summary>
    public bool DrainedHere { get; init; }

    /// <summary>The operator that has all hosts drain it; null if it is not drained at all hosts.</summary>
    public DrainOrder? DrainedForAll { get; init; }

    /// <summary>How well it works; null where that is not asked for.</summary>
    public Condition? Condition { get; init; }
}
