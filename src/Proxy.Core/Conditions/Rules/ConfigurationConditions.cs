using Proxy.Revisions;

namespace Proxy.Conditions.Rules;

/// <summary>The configuration on disk, where it is not what runs; and listeners, each bound or waited for.</summary>
internal sealed class ConfigurationConditions(ProxyStatus status) : IConditionSource
{
    private const ConditionKind Kind = ConditionKind.Configuration;

    public IEnumerable<Condition> Read()
    {
        var state = status.Current;
        yield return state.Rejected is [var first, ..]
            ? new(Kind, "edit", ConditionLevel.Degraded, ConditionReason.Rejected)
            {
                Since = state.RejectedAt,
                Count = state.Rejected.Count,
                LastError = Facts.Line(first.ToString()),
            }
            : Condition.Ok(Kind, "edit");
        foreach (var section in state.RestartNeeded)
        {
            yield return new(Kind, section, ConditionLevel.Degraded, ConditionReason.RestartNeeded)
            {
                Since = state.RestartNeededSince,
                Count = 1,
            };
        }

        foreach (var file in state.ReplacedFiles)
        {
            yield return new(Kind, file, ConditionLevel.Degraded, ConditionReason.FileReplaced) { Since = state.ReplacedSince, Count = 1 };
        }

        var waiting = state.Pending is null ? null : state.PendingKey ?? "edit";
        if (waiting is not null)
        {
            yield return new(ConditionKind.Listener, waiting, ConditionLevel.Down, ConditionReason.BindFailed)
            {
                Since = state.PendingSince,
                LastError = Facts.Line(state.Pending),
                Count = 1,
            };
        }

        foreach (var slot in state.Bound.Keys.Where(slot => slot != waiting))
        {
            yield return Condition.Ok(ConditionKind.Listener, slot);
        }
    }
}
