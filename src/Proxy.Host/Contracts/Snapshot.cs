namespace Proxy.Host.Contracts;

/// <summary>What the dashboard shows at a glance. Its size is bounded, however much is configured or wrong.</summary>
/// <param name="Status">The host; of many errors of a rejected edit, the first ones.</param>
/// <param name="RejectedCount">How many errors the rejected edit has.</param>
/// <param name="Routes">The routes.</param>
/// <param name="Clusters">The clusters.</param>
internal sealed record Snapshot(StatusAnswer Status, int RejectedCount, SnapshotRoutes Routes, SnapshotClusters Clusters);

/// <summary>The routes: those with the most open connections one by one, and the others together.</summary>
/// <param name="Items">At most 500, by id.</param>
/// <param name="Others">The sum of those left out.</param>
internal sealed record SnapshotRoutes(IReadOnlyList<RouteAnswer> Items, SnapshotOthers Others);

/// <summary>Routes that are not listed.</summary>
/// <param name="Count">How many they are.</param>
/// <param name="Connections">Their open connections.</param>
/// <param name="BytesIn">Bytes from their clients.</param>
/// <param name="BytesOut">Bytes to their clients.</param>
internal sealed record SnapshotOthers(int Count, int Connections, long BytesIn, long BytesOut);

/// <summary>The clusters, as far as they need attention.</summary>
/// <param name="Notable">Destinations that are unhealthy or drained; at most 50.</param>
/// <param name="More">How many more there are.</param>
internal sealed record SnapshotClusters(IReadOnlyList<NotableDestination> Notable, int More);

/// <summary>A destination that does not get what it would.</summary>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Destination">Its id.</param>
/// <param name="Unhealthy">Whether probes or clients found it so.</param>
/// <param name="Drained">Whether an operator keeps what is new from it.</param>
internal sealed record NotableDestination(string Cluster, string Destination, bool Unhealthy, bool Drained);
