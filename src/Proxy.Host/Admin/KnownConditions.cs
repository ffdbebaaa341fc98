using Proxy.Channels;
using Proxy.Conditions;
using Proxy.Host.Contracts;
using Proxy.Locking;
using Proxy.Multiplexing;
using Proxy.Revisions;

namespace Proxy.Host.Admin;

/// <summary>
/// Adds to what the API shows of a thing how well it works. The conditions are read once, when the first is asked for: an endpoint that changes
/// something shows them as they are after the change.
/// </summary>
/// <param name="read">Reads the conditions of everything.</param>
internal sealed class KnownConditions(Func<IReadOnlyList<Condition>> read)
{
    private readonly Lazy<Dictionary<(ConditionKind Kind, string Id), Condition>> _all = new(() =>
        read().DistinctBy(static one => (one.Kind, one.Id)).ToDictionary(static one => (one.Kind, one.Id))
    );

    public RouteAnswer With(RouteAnswer one) => one with { Condition = Find(ConditionKind.Route, one.Id) };

    public LockStatus With(LockStatus one) => one with { Condition = Find(ConditionKind.Lock, one.RouteId) };

    public MemberStatus With(MemberStatus one) => one with { Condition = Find(ConditionKind.Member, one.Id) };

    public MultiplexStatus With(MultiplexStatus one) =>
        one with
        {
            Condition = Find(ConditionKind.Device, $"{one.ClusterId}/{one.DestinationId}"),
        };

    public ClusterStatus With(ClusterStatus one) =>
        one with
        {
            Condition = Find(ConditionKind.Cluster, one.Id),
            Destinations = [.. one.Destinations.Select(destination => With(one.Id, destination))],
        };

    public DestinationStatus With(string clusterId, DestinationStatus one) =>
        one with
        {
            Condition = Find(ConditionKind.Destination, $"{clusterId}/{one.Id}"),
        };

    private Condition? Find(ConditionKind kind, string id) => _all.Value.GetValueOrDefault((kind, id));
}
