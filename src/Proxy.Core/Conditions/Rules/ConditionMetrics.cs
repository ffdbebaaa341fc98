using System.Diagnostics.Metrics;
using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Conditions.Rules;

/// <summary>The metrics of conditions and of destinations. What one collection reads is read once.</summary>
internal sealed class ConditionMetrics
{
    private const int MostConditions = 20_000;
    private static readonly TimeSpan _fresh = TimeSpan.FromMilliseconds(250);
    private static readonly string[] _kinds = Enum.GetNames<ConditionKind>();
    private static readonly string[] _reasons = Enum.GetNames<FailureReason>();

    private readonly ConditionRegistry _conditions;
    private readonly ClusterRegistry _clusters;
    private readonly RecentOutcomes _recent;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new(); // guards both fields below
    private IReadOnlyList<Condition> _read = [];
    private long? _readAt;

    public ConditionMetrics(
        ProxyMeter meter,
        ConditionRegistry conditions,
        ClusterRegistry clusters,
        RecentOutcomes recent,
        TimeProvider time
    )
    {
        (_conditions, _clusters, _recent, _time) = (conditions, clusters, recent, time);
        var instruments = meter.Instruments;
        instruments.CreateObservableGauge("proxy.condition", ObserveConditions, null, "0 if nothing is wrong, 1 if degraded, 2 if down.");
        instruments.CreateObservableGauge(
            "proxy.destination.available",
            () => Observe(static (one, isDown) => one.Health.Available && !isDown ? 1 : 0),
            null,
            "1 while a destination gets new connections and is not down."
        );
        instruments.CreateObservableGauge(
            "proxy.destination.drained",
            () => Observe(static (one, _) => one.Drained ? 1 : 0),
            null,
            "1 while an operator keeps new connections from a destination."
        );
        instruments.CreateObservableUpDownCounter(
            "proxy.destination.connections",
            () => Observe(static (one, _) => one.Connections),
            "{connection}",
            "Connections and HTTP requests at a destination."
        );
        instruments.CreateObservableCounter(
            "proxy.destination.failures",
            ObserveFailures,
            "{failure}",
            "Dials, connections and requests that a destination failed, by reason."
        );
    }

    private IReadOnlyList<Condition> Read()
    {
        lock (_gate)
        {
            if (_readAt is not { } at || _time.GetElapsedTime(at) >= _fresh)
            {
                _read = _conditions.Read();
                _readAt = _time.GetTimestamp();
            }

            return _read;
        }
    }

    private IEnumerable<Measurement<int>> ObserveConditions() =>
        Read()
            .Take(MostConditions)
            .Select(static condition => new Measurement<int>(
                (int)condition.Level,
                new("proxy.condition.kind", _kinds[(int)condition.Kind]),
                new KeyValuePair<string, object?>("proxy.condition.id", condition.Id)
            ));

    private IEnumerable<Measurement<int>> Observe(Func<DestinationStatus, bool, int> value)
    {
        var down = Read()
            .Where(static condition => condition is { Kind: ConditionKind.Destination, Level: ConditionLevel.Down })
            .Select(static condition => condition.Id)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return from cluster in _clusters.List()
            from destination in cluster.Destinations
            select new Measurement<int>(
                value(destination, down.Contains(Facts.IdOf(cluster.Id, destination.Id))),
                new("proxy.cluster_id", cluster.Id),
                new KeyValuePair<string, object?>("proxy.destination_id", destination.Id)
            );
    }

    private IEnumerable<Measurement<long>> ObserveFailures() =>
        from cluster in _clusters.List()
        from destination in cluster.Destinations
        from failure in FailuresOf(cluster.Id, destination.Id)
        // The two most frequent ones from the start, so that the first failure shows as an increase.
        where failure.Count > 0 || failure.Reason is FailureReason.Refused or FailureReason.Reset
        select new Measurement<long>(
            failure.Count,
            new("proxy.cluster_id", cluster.Id),
            new("proxy.destination_id", destination.Id),
            new KeyValuePair<string, object?>("proxy.reason", _reasons[(int)failure.Reason])
        );

    private IEnumerable<(FailureReason Reason, long Count)> FailuresOf(string clusterId, string destinationId) =>
        _recent.Find(clusterId, destinationId)?.Failures ?? [(FailureReason.Refused, 0), (FailureReason.Reset, 0)];
}
