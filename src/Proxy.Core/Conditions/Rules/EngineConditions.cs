using Proxy.Engine;

namespace Proxy.Conditions.Rules;

/// <summary>The engine: whether it answers, whether this host has its lease, and whether it refuses something. Without an engine there is none.</summary>
internal sealed class EngineConditions(IEnumerable<IEngine> engines) : IConditionSource
{
    private const ConditionKind Kind = ConditionKind.Engine;

    public IEnumerable<Condition> Read() => engines.Select(static engine => Of(engine.Status));

    // While nothing answers, that the lease is lost is the consequence.
    private static Condition Of(EngineStatus status) =>
        Facts.Worst(
            Condition.Ok(Kind, status.Name),
            status.Unreachable is { } failures ? Facts.InARow(Kind, status.Name, ConditionReason.EngineUnreachable, failures) : null,
            status.LeaseLostSince is { } since
                ? new(Kind, status.Name, ConditionLevel.Down, ConditionReason.LeaseLost)
                {
                    Since = since,
                    LastError = Facts.Line(status.Refused?.LastError ?? status.Unreachable?.LastError),
                    Count = 1,
                }
                : null,
            status.Refused is { } refused ? Facts.InARow(Kind, status.Name, ConditionReason.EngineRefused, refused) : null
        );
}
