using Proxy.Locking;

namespace Proxy.Conditions.Rules;

/// <summary>Locks: full, paused by an operator, or with activations or other hooks that fail.</summary>
internal sealed class LockConditions(LockRegistry locks) : IConditionSource
{
    public IEnumerable<Condition> Read() =>
        locks.Brief().Where(static one => !one.Status.IsClosed).Select(static one => Of(one.Status, one.Waiting));

    private static Condition Of(LockStatus one, int waiting)
    {
        const ConditionKind Kind = ConditionKind.Lock;
        return Facts.Worst(
            Condition.Ok(Kind, one.RouteId),
            one.Shared is { State: not SharedLockState.Shared } shared ? OfEngine(one.RouteId, shared, waiting) : null,
            one.Failures is { } failures ? Facts.InARow(Kind, one.RouteId, ConditionReason.ActivationFailed, failures) : null,
            // A paused lock fills, so the pause is why.
            one.PausedSince
                is { } since
                ? new(Kind, one.RouteId, ConditionLevel.Degraded, ConditionReason.Paused) { Since = since, Count = waiting }
                : null,
            Full(one, waiting),
            one.HookFailures is { } hooks
                ? Facts.Of(Kind, one.RouteId, ConditionLevel.Degraded, ConditionReason.ActivationFailed, hooks)
                : null
        );
    }

    // Without the engine no client is admitted; by permits of its own this host admits clients, but together the hosts may admit too many.
    private static Condition OfEngine(string routeId, SharedLockStatus shared, int waiting) =>
        new(
            ConditionKind.Lock,
            routeId,
            shared.State == SharedLockState.Local ? ConditionLevel.Degraded : ConditionLevel.Down,
            ConditionReason.EngineUnreachable
        )
        {
            Since = shared.Since,
            LastError = Facts.Line(shared.Reason),
            Count = waiting,
        };

    // A queue that loses and gains a client at every moment is full all the while.
    private static Condition? Full(LockStatus one, int waiting) =>
        one is { FullSince: null, Refused: null }
            ? null
            : new(ConditionKind.Lock, one.RouteId, ConditionLevel.Degraded, ConditionReason.QueueFull)
            {
                Since = one.FullSince is { } full && !(one.Refused?.Since < full) ? full : one.Refused!.Since,
                Count = one.Refused?.Count ?? waiting,
            };
}
