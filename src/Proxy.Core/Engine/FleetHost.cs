using Proxy.Conditions;

namespace Proxy.Engine;

/// <summary>A host of the fleet: what it has published, and how that compares with the others.</summary>
/// <param name="Instance">The id of the host.</param>
/// <param name="Epoch">A value that is new at every start of it.</param>
public sealed record FleetHost(string Instance, string Epoch)
{
    /// <summary>The version of the program.</summary>
    public string? Version { get; init; }

    /// <summary>When the program was started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The address of the admin endpoint as it is configured there; null without one.</summary>
    public string? AdminAddress { get; init; }

    /// <summary>The id of the configuration that runs; null before the first one.</summary>
    public string? Revision { get; init; }

    /// <summary>When that configuration was applied.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>The shared documents that it runs, in the order of names.</summary>
    public IReadOnlyList<FleetDocument> Documents { get; init; } = [];

    /// <summary>Since when its newest edit has been rejected; null if it is not.</summary>
    public DateTimeOffset? RejectedSince { get; init; }

    /// <summary>How well it works: the worst of its conditions.</summary>
    public ConditionLevel Level { get; init; }

    /// <summary>Whether it is stopping, and waits for open connections.</summary>
    public bool Draining { get; init; }

    /// <summary>The documents of which another host runs a newer revision.</summary>
    public IReadOnlyList<string> Behind { get; init; } = [];

    /// <summary>Since when that is so, by the clock of the host that was asked; null if it is not.</summary>
    public DateTimeOffset? BehindSince { get; init; }
}
