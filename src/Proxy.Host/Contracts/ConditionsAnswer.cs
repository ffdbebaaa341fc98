using Proxy.Conditions;

namespace Proxy.Host.Contracts;

/// <summary>What is wrong, since when and why.</summary>
/// <param name="Level">The worst level there is.</param>
/// <param name="Down">The number of things that are down.</param>
/// <param name="Degraded">The number of things that are degraded.</param>
/// <param name="Ok">The number of things with nothing wrong.</param>
/// <param name="Groups">The things that are degraded or down, counted by kind, level and reason; the worst first.</param>
/// <param name="Conditions">The conditions that were asked for, at most 10,000, the worst first.</param>
internal sealed record ConditionsAnswer(
    ConditionLevel Level,
    int Down,
    int Degraded,
    int Ok,
    IReadOnlyList<ConditionGroup> Groups,
    IReadOnlyList<Condition> Conditions
)
{
    private const int Most = 10_000;

    /// <param name="all">All conditions, the worst first.</param>
    /// <param name="wanted">Which of them are listed.</param>
    /// <param name="most">How many are listed.</param>
    public static ConditionsAnswer Of(IReadOnlyList<Condition> all, Func<Condition, bool> wanted, int most = Most)
    {
        var clusters = new ClusterIds(all);
        return new(
            all is [var first, ..] ? first.Level : ConditionLevel.Ok,
            all.Count(static one => one.Level == ConditionLevel.Down),
            all.Count(static one => one.Level == ConditionLevel.Degraded),
            all.Count(static one => one.Level == ConditionLevel.Ok),
            [
                .. all.Where(static one => one.Level != ConditionLevel.Ok)
                    .GroupBy(static one => (one.Level, one.Kind, one.Reason))
                    .Select(group => new ConditionGroup(
                        group.Key.Kind,
                        group.Key.Level,
                        group.Key.Reason,
                        group.Count(),
                        group.Min(static one => one.Since)
                    )
                    {
                        Clusters = clusters.Count(group),
                        LastError = group.MaxBy(static one => one.Since)?.LastError,
                    }),
            ],
            [.. all.Where(wanted).Take(most)]
        );
    }

    /// <summary>Finds the cluster of a destination's id, which is <c>cluster/destination</c>; either may contain a slash.</summary>
    private readonly struct ClusterIds(IReadOnlyList<Condition> all)
    {
        private readonly HashSet<string> _ids = all.Where(static one => one.Kind == ConditionKind.Cluster)
            .Select(static one => one.Id)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

        public int Count(IGrouping<(ConditionLevel Level, ConditionKind Kind, ConditionReason Reason), Condition> group) =>
            group.Key.Kind is ConditionKind.Destination or ConditionKind.Device or ConditionKind.Unit
                ? group.Select(Find).Distinct(StringComparer.OrdinalIgnoreCase).Count()
                : 0;

        private string Find(Condition one)
        {
            for (var slash = one.Id.LastIndexOf('/'); slash > 0; slash = one.Id.LastIndexOf('/', slash - 1))
            {
                if (_ids.Contains(one.Id[..slash]))
                {
                    return one.Id[..slash];
                }
            }

            return one.Id;
        }
    }
}

/// <summary>Things of one kind with the same level for the same reason.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Level">The level.</param>
/// <param name="Reason">The reason.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Since">Since when the first of them has been so.</param>
internal sealed record ConditionGroup(ConditionKind Kind, ConditionLevel Level, ConditionReason Reason, int Count, DateTimeOffset? Since)
{
    /// <summary>The number of clusters that they are in; 0 for what is in no cluster.</summary>
    public int Clusters { get; init; }

    /// <summary>The last error of the newest of them; null if there is none.</summary>
    public string? LastError { get; init; }
}
