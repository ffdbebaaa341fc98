using Proxy.Engine;

namespace Proxy.Host.Contracts;

/// <summary>The hosts that share the engine, as the host that was asked knows them.</summary>
/// <param name="Instance">The id of the host that was asked.</param>
/// <param name="StaleSince">Since when the engine has not answered, so that the rest may be out of date; null if it answers.</param>
/// <param name="Rival">Another process that is registered under the id of the host that was asked; null if there is none.</param>
/// <param name="UsualRevision">The configuration that more than half of the hosts run; null if there is none.</param>
/// <param name="Hosts">The hosts, ordered by id.</param>
/// <param name="Documents">The shared documents that they run.</param>
/// <param name="Drains">What all hosts drain, the oldest first.</param>
internal sealed record FleetAnswer(
    string Instance,
    DateTimeOffset? StaleSince,
    InstanceRival? Rival,
    string? UsualRevision,
    IReadOnlyList<FleetHost> Hosts,
    IReadOnlyList<FleetDocumentAnswer> Documents,
    IReadOnlyList<FleetDrainAnswer> Drains
);

/// <summary>A shared document.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Newest">The newest revision that a host runs.</param>
/// <param name="Hosts">The number of hosts that run any revision of it.</param>
/// <param name="Behind">The number of those that run an older one.</param>
internal sealed record FleetDocumentAnswer(string Name, long Newest, int Hosts, int Behind);

/// <summary>Something that all hosts drain: a destination or a member.</summary>
/// <param name="Cluster">The cluster of the destination; null for a member.</param>
/// <param name="Destination">The destination; null for a member.</param>
/// <param name="Member">The member; null for a destination.</param>
/// <param name="By">Who asked for it, and when.</param>
internal sealed record FleetDrainAnswer(string? Cluster, string? Destination, string? Member, DrainOrder By)
{
    public static FleetDrainAnswer Of(DrainTarget target, DrainOrder order) =>
        target.ClusterId is { } cluster ? new(cluster, target.Id, null, order) : new(null, null, target.Id, order);
}
