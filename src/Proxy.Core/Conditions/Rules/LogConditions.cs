using Proxy.Diagnostics;

namespace Proxy.Conditions.Rules;

/// <summary>The access log: whether it lost lines lately.</summary>
internal sealed class LogConditions(AccessLog log) : IConditionSource
{
    public IEnumerable<Condition> Read()
    {
        const string Id = "access";
        yield return log.Lost is { } lost
            ? Facts.Of(ConditionKind.Log, Id, ConditionLevel.Degraded, ConditionReason.LinesLost, lost)
            : Condition.Ok(ConditionKind.Log, Id);
    }
}
