using Proxy.Revisions;

namespace Proxy.Conditions.Rules;

/// <summary>The documents that hosts share: whether they may be out of date. One that is rejected is an edit as any other.</summary>
internal sealed class DocumentConditions(ConfigInspector configuration) : IConditionSource
{
    public IEnumerable<Condition> Read() =>
        configuration
            .SharedDocuments()
            .Select(static document =>
                document.Stale is { } reason
                    ? new Condition(ConditionKind.Configuration, document.Name, ConditionLevel.Degraded, ConditionReason.OutOfDate)
                    {
                        Since = document.StaleSince,
                        Count = 1,
                        LastError = Facts.Line(
                            document.IsKept ? $"The copy of revision {document.Running} that was kept here runs. {reason}" : reason
                        ),
                    }
                    : Condition.Ok(ConditionKind.Configuration, document.Name)
            );
}
