namespace Proxy.Conditions.Rules;

/// <summary>
/// What is wrong, since when and why: one source for the API, readiness, the command line, metrics and the dashboard. Derived when asked for; nothing is
/// kept here.
/// </summary>
public sealed class ConditionRegistry
{
    private readonly IReadOnlyList<IConditionSource> _sources;

    internal ConditionRegistry(IEnumerable<IConditionSource> sources) => _sources = [.. sources];

    /// <summary>The present conditions of everything.</summary>
    /// <returns>One per subject, the worst first, then by kind and id.</returns>
    public IReadOnlyList<Condition> Read() =>
        [
            .. _sources
                .SelectMany(static source => source.Read())
                .OrderByDescending(static condition => condition.Level)
                .ThenBy(static condition => condition.Kind)
                .ThenBy(static condition => condition.Id, StringComparer.OrdinalIgnoreCase),
        ];

    /// <summary>The present conditions of what has something wrong.</summary>
    /// <returns>Those that are not <see cref="ConditionLevel.Ok"/>, the worst first.</returns>
    public IReadOnlyList<Condition> Wrong() => [.. Read().TakeWhile(static condition => condition.Level != ConditionLevel.Ok)];
}
