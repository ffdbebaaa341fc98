using Proxy.Diagnostics;
using Proxy.Revisions;
using Yarp.ReverseProxy.Model;

namespace Proxy.Conditions.Rules;

/// <summary>Destinations, by their dials, their checks and what became of connections to them; and clusters, by their destinations.</summary>
internal sealed class DestinationConditions(ClusterRegistry clusters, RecentOutcomes recent, DeviceConditions sessions) : IConditionSource
{
    public IEnumerable<Condition> Read()
    {
        var devices = sessions
            .Devices()
            .ToDictionary(static one => new DestinationKey(one.ClusterId, one.DestinationId), static one => one.Condition);
        foreach (var cluster in clusters.List())
        {
            var all = cluster
                .Destinations.Select(destination => Of(cluster.Id, destination, devices.GetValueOrDefault(new(cluster.Id, destination.Id))))
                .ToList();
            foreach (var condition in all)
            {
                yield return condition;
            }

            yield return OfCluster(cluster.Id, all);
        }
    }

    // A device is its destination: one that accepts connections and is mute is no destination that serves.
    private Condition Of(string clusterId, DestinationStatus destination, Condition? device)
    {
        const ConditionKind Kind = ConditionKind.Destination;
        var id = Facts.IdOf(clusterId, destination.Id);
        var known = recent.Find(clusterId, destination.Id);
        var fine =
            destination.Drained ? Condition.Ok(Kind, id, ConditionReason.Drained)
            : destination.Checks == "Off" && known is not { IsDialed: true } ? Condition.Ok(Kind, id, ConditionReason.NotChecked)
            : Condition.Ok(Kind, id);
        return Facts.Worst(
            fine,
            known?.Dials.Current is { } dials ? Facts.InARow(Kind, id, ConditionReason.ConnectFailed, dials) : null,
            Checked(id, destination.Health, known),
            Facts.OfMinute(Kind, id, known?.Ends.Read()),
            device is null ? null : device with { Kind = Kind }
        );
    }

    // A check that fails shows before YARP's threshold is reached; what YARP has taken out is down.
    private static Condition? Checked(string id, DestinationHealthStatus health, DestinationResults? known)
    {
        const ConditionKind Kind = ConditionKind.Destination;
        var isOut = health.Active == DestinationHealth.Unhealthy;
        return known?.Checks.Current is { } checks
                ? Facts.Of(Kind, id, isOut ? ConditionLevel.Down : ConditionLevel.Degraded, ConditionReason.CheckFailed, checks)
            : isOut ? new(Kind, id, ConditionLevel.Down, ConditionReason.CheckFailed)
            : health.Passive != DestinationHealth.Unhealthy ? null
            : known?.TakenOut.Current is { } taken ? Facts.Of(Kind, id, ConditionLevel.Down, ConditionReason.TakenOut, taken)
            : new(Kind, id, ConditionLevel.Down, ConditionReason.TakenOut);
    }

    private static Condition OfCluster(string id, List<Condition> destinations)
    {
        var down = destinations.Where(static destination => destination.Level == ConditionLevel.Down).ToList();
        if (down.Count == 0)
        {
            return Condition.Ok(ConditionKind.Cluster, id);
        }

        var isDown = down.Count == destinations.Count;
        return new(ConditionKind.Cluster, id, isDown ? ConditionLevel.Down : ConditionLevel.Degraded, ConditionReason.DestinationsDown)
        {
            Since = isDown ? down.Max(static one => one.Since) : down.Min(static one => one.Since), // down since the last one is
            LastError = down.MaxBy(static one => one.Since)!.LastError,
            Count = down.Count,
        };
    }
}
