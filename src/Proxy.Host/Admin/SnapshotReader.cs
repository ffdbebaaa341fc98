using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Configuration.Host;
using Proxy.Diagnostics;
using Proxy.Host.Contracts;
using Proxy.Revisions;
using Yarp.ReverseProxy.Model;

namespace Proxy.Host.Admin;

/// <summary>Creates the snapshots that are sent as events.</summary>
internal sealed class SnapshotReader(
    StatusReader status,
    ProxyStatus running,
    ProxyMetrics metrics,
    RequestMetrics requests,
    ClusterRegistry clusters,
    ConditionRegistry conditions,
    TrafficHistory history,
    FleetReader fleet,
    AdminConfig admin
)
{
    private const int MaxRoutes = 500;
    private const int MaxNotable = 50;
    private const int MaxErrors = 20;

    public Snapshot Read()
    {
        var now = status.Read() with { AllowChanges = admin.AllowChanges };
        var all = conditions.Read();
        return new(
            now with
            {
                Rejected = [.. now.Rejected.Take(MaxErrors)],
            },
            now.Rejected.Count,
            Routes(new(() => all)),
            Clusters(),
            ConditionsAnswer.Of(all, static one => one.Level != ConditionLevel.Ok, MaxNotable),
            history.Read()
        )
        {
            Fleet = fleet.ReadSummary(),
        };
    }

    private SnapshotRoutes Routes(KnownConditions known)
    {
        var all = RouteApi.List(running, metrics, requests, known);
        if (all.Count <= MaxRoutes)
        {
            return new(all, new(0, 0, 0, 0));
        }

        // The sort is stable, so that routes with equally many connections do not alternate between snapshots.
        // What is down has no open connections, so its level comes first.
        var ranked = all.OrderByDescending(static route => route.Condition?.Level ?? ConditionLevel.Ok)
            .ThenByDescending(static route => route.Connections ?? route.Requests?.Open)
            .ToList();
        var others = ranked[MaxRoutes..];
        return new(
            [.. ranked.Take(MaxRoutes).OrderBy(static route => route.Id, StringComparer.OrdinalIgnoreCase)],
            new(
                others.Count,
                others.Sum(static route => route.Connections ?? 0),
                others.Sum(static route => route.BytesIn ?? route.Requests?.BytesIn ?? 0),
                others.Sum(static route => route.BytesOut ?? route.Requests?.BytesOut ?? 0)
            )
        );
    }

    private SnapshotClusters Clusters()
    {
        var notable = clusters
            .List()
            .SelectMany(
                static cluster => cluster.Destinations,
                static (cluster, destination) =>
                    new NotableDestination(cluster.Id, destination.Id, IsUnhealthy(destination), destination.Drained)
                    {
                        DrainedForAll = destination.DrainedForAll,
                    }
            )
            .Where(static destination => destination.Unhealthy || destination.Drained)
            .OrderByDescending(static destination => destination.Drained) // what is unhealthy is among the conditions, too
            .ToList();
        return new([.. notable.Take(MaxNotable)], Math.Max(0, notable.Count - MaxNotable));
    }

    // YARP's Available alone does not tell: it is false for a drained destination too, and true for all when all are unhealthy.
    private static bool IsUnhealthy(DestinationStatus destination) =>
        destination.Health.Active == DestinationHealth.Unhealthy
        || destination.Health.Passive == DestinationHealth.Unhealthy
        || (!destination.Health.Available && !destination.Drained);
}
