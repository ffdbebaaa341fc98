using Proxy.Locking;

namespace Proxy.Conditions.Rules;

/// <summary>Locks: full, paused by an operator, or with activations or other hooks that fail.</summary>
internal sealed class LockConditions(LockRegistry locks) : IConditionSource
{
    public IEnumerable<Condition> Read() => locks.List().Where(static one => !one.IsClosed).Select(Of);

    private static Condition Of(LockStatus one)
    {
        const ConditionKind Kind = ConditionKind.Lock;
        return Facts.Worst(
            Condition.Ok(Kind, one.RouteId),
            one.Failures is { } failures ? Facts.InARow(Kind, one.RouteId, ConditionReason.ActivationFailed, failures) : null,
            // A paused lock fills, so the pause is why.
            one.PausedSince
                is { } since
                ? new(Kind, one.RouteId, ConditionLevel.Degraded, ConditionReason.Paused) { Since = since, Count = one.Waiting.Count }
                : null,
            Full(one),
            one.HookFailures is { } hooks
                ? Facts.Of(Kind, one.RouteId, ConditionLevel.Degraded, ConditionReason.ActivationFailed, hooks)
                : null
        );
    }

    // A queue that loses and gains a client at every moment is full all the while.
    private static Condition? Full(LockStatus one) =>
        one is { FullSince: null, Refused: null }
            ? null
            : new(ConditionKind.Lock, one.RouteId, ConditionLevel.Degraded, ConditionReason.QueueFull)
            {
                Since = one.FullSince is { } full && !(one.Refused?.Since < full) ? full : one.Refused!.Since,
                Count = one.Refused?.Count ?? one.Waiting.Count,
            };
}
