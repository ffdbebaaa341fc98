namespace Proxy.Engine;

/// <summary>The fleet at one moment. Immutable; changes replace it.</summary>
public sealed record FleetState
{
    /// <summary>The hosts that run, in the order of ids, this one included once it is registered.</summary>
    public IReadOnlyList<FleetHost> Hosts { get; init; } = [];

    /// <summary>The configuration that more than half of the hosts run; null if there is none, as where each host has settings of its own.</summary>
    public string? UsualRevision { get; init; }

    /// <summary>Since when the engine has not answered, so that the hosts may be out of date; null if it answers.</summary>
    public DateTimeOffset? StaleSince { get; init; }
}
