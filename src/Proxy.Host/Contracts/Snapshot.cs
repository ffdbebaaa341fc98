using Proxy.Diagnostics;
using Proxy.Engine;

namespace Proxy.Host.Contracts;

/// <summary>The overview that the dashboard shows. Its size is bounded, however many routes, clusters and errors there are.</summary>
/// <param name="Status">The host's status, with at most 20 errors of a rejected edit.</param>
/// <param name="RejectedCount">The number of all errors of the rejected edit.</param>
/// <param name="Routes">The routes.</param>
/// <param name="Clusters">The destinations that need attention.</param>
/// <param name="Health">What is wrong, with at most 50 conditions.</param>
/// <param name="Traffic">The totals of this moment, as in the history.</param>
internal sealed record Snapshot(
    StatusAnswer Status,
    int RejectedCount,
    SnapshotRoutes Routes,
    SnapshotClusters Clusters,
    ConditionsAnswer Health,
    TrafficSample Traffic
)
{
    /// <summary>The fleet; null without an engine.</summary>
    public SnapshotFleet? Fleet { get; init; }
}

/// <summary>The fleet in short.</summary>
/// <param name="Instance">The id of this host.</param>
/// <param name="Hosts">The number of hosts.</param>
/// <param name="Behind">The number of hosts that run an older revision of a shared document than another host.</param>
/// <param name="StaleSince">Since when the engine has not answered; null if it does.</param>
/// <param name="Drains">At most 50 of what all hosts drain, the oldest first.</param>
/// <param name="MoreDrains">The number of further ones.</param>
internal sealed record SnapshotFleet(
    string Instance,
    int Hosts,
    int Behind,
    DateTimeOffset? StaleSince,
    IReadOnlyList<FleetDrainAnswer> Drains,
    int MoreDrains
);

/// <summary>The routes that are down or degraded, those with the most open connections, and the sum of the others.</summary>
/// <param name="Items">At most 500 routes, ordered by id.</param>
/// <param name="Others">The sum of the routes that are not in Items.</param>
internal sealed record SnapshotRoutes(IReadOnlyList<RouteAnswer> Items, SnapshotOthers Others);

/// <summary>The sum of the routes that are not listed.</summary>
/// <param name="Count">The number of those routes.</param>
/// <param name="Connections">Their open connections.</param>
/// <param name="BytesIn">Bytes received from their clients.</param>
/// <param name="BytesOut">Bytes sent to their clients.</param>
internal sealed record SnapshotOthers(int Count, int Connections, long BytesIn, long BytesOut);

/// <summary>The destinations that need attention.</summary>
/// <param name="Notable">At most 50 destinations that are unhealthy or drained.</param>
/// <param name="More">The number of further such destinations.</param>
internal sealed record SnapshotClusters(IReadOnlyList<NotableDestination> Notable, int More);

/// <summary>A destination that is unhealthy or drained.</summary>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Destination">Its id.</param>
/// <param name="Unhealthy">Whether an active or a passive health check found it unhealthy.</param>
/// <param name="Drained">Whether an operator has drained it, so that it gets no new connections and requests.</param>
internal sealed record NotableDestination(string Cluster, string Destination, bool Unhealthy, bool Drained)
{
    /// <summary>The operator that has all hosts drain it; null if it is not drained at all hosts.</summary>
    public DrainOrder? DrainedForAll { get; init; }
}
