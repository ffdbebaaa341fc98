using Proxy.Diagnostics;
using Proxy.Revisions;
using Yarp.ReverseProxy.Model;

namespace Proxy.Conditions.Rules;

/// <summary>Destinations, by their dials, their checks and what became of connections to them; and clusters, by their destinations.</summary>
internal sealed class DestinationConditions(ClusterRegistry clusters, RecentOutcomes recent, DeviceConditions sessions, ProxyStatus status)
    : IConditionSource
{
    public IEnumerable<Condition> Read()
    {
        // The worst counts: a destination has one device, but nothing here would say so if it were otherwise.
        var devices = sessions
            .Devices()
            .GroupBy(static one => new DestinationKey(one.ClusterId, one.DestinationId), static one => one.Condition)
            .ToDictionary(static group => group.Key, static group => group.MaxBy(static one => one.Level));
        var used = Used();
        foreach (var cluster in clusters.List())
        {
            var all = cluster
                .Destinations.Select(destination => Of(cluster.Id, destination, devices.GetValueOrDefault(new(cluster.Id, destination.Id))))
                .ToList();
            foreach (var condition in all)
            {
                yield return condition;
            }

            yield return OfCluster(cluster, all, used?.Contains(cluster.Id) is not false);
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
        var worst = Facts.Worst(
            fine,
            known?.Dials.Current is { } dials ? Facts.InARow(Kind, id, ConditionReason.ConnectFailed, dials) : null,
            Checked(id, destination.Health, known),
            Facts.OfMinute(Kind, id, known?.Ends.Read()),
            device is null ? null : device with { Kind = Kind }
        );
        // It gets no clients, so its faults harm none of them, and no client would show that they are over.
        return destination.Drained && worst.Level > ConditionLevel.Ok
            ? worst with
            {
                Level = ConditionLevel.Degraded,
                Reason = ConditionReason.Drained,
            }
            : worst;
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

    private static Condition OfCluster(ClusterStatus cluster, List<Condition> destinations, bool isUsed)
    {
        const ConditionKind Kind = ConditionKind.Cluster;
        var drained = cluster.Destinations.Count(static destination => destination.Drained);
        if (drained == destinations.Count)
        {
            return drained == 0 && !isUsed
                ? Condition.Ok(Kind, cluster.Id, ConditionReason.NoDestination) // there are no clients either
                : new(Kind, cluster.Id, ConditionLevel.Down, ConditionReason.NoDestination)
                {
                    Since = cluster.NoneSince,
                    LastError = drained == 0 ? "there are no destinations" : "all destinations are drained",
                    Count = Math.Max(drained, 1),
                };
        }

        var down = destinations.Where(static destination => destination.Level == ConditionLevel.Down).ToList(); // a drained one is not
        if (down.Count == 0)
        {
            return Condition.Ok(Kind, cluster.Id);
        }

        var isDown = down.Count == destinations.Count - drained;
        return new(Kind, cluster.Id, isDown ? ConditionLevel.Down : ConditionLevel.Degraded, ConditionReason.DestinationsDown)
        {
            Since = isDown ? down.Max(static one => one.Since) : down.Min(static one => one.Since), // down since the last one is
            LastError = down.MaxBy(static one => one.Since)!.LastError,
            Count = down.Count,
        };
    }

    // The clusters that routes name; null if no revision runs.
    private HashSet<string>? Used() =>
        status.Current.Running is { } running
            ? running
                .Config.ReverseProxy.TcpRoutes.Values.SelectMany(static route =>
                    (route.Multiplex?.Modbus?.Units.Values ?? []).Select(static unit => unit.ClusterId).Append(route.ClusterId)
                )
                .Concat(running.HttpRoutes.Select(static route => route.ClusterId))
                .OfType<string>()
                .ToHashSet(StringComparer.OrdinalIgnoreCase)
            : null;
}
