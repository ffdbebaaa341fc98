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
    public static ConditionsAnswer Of(IReadOnlyList<Condition> all, Func<Condition, bool> wanted, int most = Most) =>
        new(
            all is [var first, ..] ? first.Level : ConditionLevel.Ok,
            all.Count(static one => one.Level == ConditionLevel.Down),
            all.Count(static one => one.Level == ConditionLevel.Degraded),
            all.Count(static one => one.Level == ConditionLevel.Ok),
            [
                .. all.Where(static one => one.Level != ConditionLevel.Ok)
                    .GroupBy(static one => (one.Level, one.Kind, one.Reason))
                    .Select(static group => new ConditionGroup(
                        group.Key.Kind,
                        group.Key.Level,
                        group.Key.Reason,
                        group.Count(),
                        group.Min(static one => one.Since)
                    )),
            ],
            [.. all.Where(wanted).Take(most)]
        );
}

/// <summary>Things of one kind with the same level for the same reason.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Level">The level.</param>
/// <param name="Reason">The reason.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Since">Since when the first of them has been so.</param>
internal sealed record ConditionGroup(ConditionKind Kind, ConditionLevel Level, ConditionReason Reason, int Count, DateTimeOffset? Since);
