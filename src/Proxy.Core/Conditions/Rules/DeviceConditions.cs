using System.Globalization;
using Proxy.Diagnostics;
using Proxy.Multiplexing;

namespace Proxy.Conditions.Rules;

/// <summary>Multiplexed destinations, by what became of requests and connections; and the units behind them that are suspended.</summary>
internal sealed class DeviceConditions(MultiplexRegistry sessions) : IConditionSource
{
    private const ConditionKind Kind = ConditionKind.Device;

    /// <summary>The devices with their conditions, without units.</summary>
    public IReadOnlyList<(string ClusterId, string DestinationId, Condition Condition)> Devices() =>
        [
            .. sessions
                .Brief.Where(static session => !session.IsRetired)
                .Select(static session =>
                    (session.ClusterId, session.DestinationId, Of(Facts.IdOf(session.ClusterId, session.DestinationId), session))
                ),
        ];

    public IEnumerable<Condition> Read()
    {
        foreach (var session in sessions.Brief.Where(static session => !session.IsRetired))
        {
            var id = Facts.IdOf(session.ClusterId, session.DestinationId);
            yield return Of(id, session);
            foreach (var unit in session.Suspended.Where(static one => one.Unit is not null))
            {
                yield return new(
                    ConditionKind.Unit,
                    string.Create(CultureInfo.InvariantCulture, $"{id}/{unit.Unit}"),
                    ConditionLevel.Down,
                    ConditionReason.Suspended
                )
                {
                    Since = unit.Since,
                    Count = unit.Probes,
                    LastError = Facts.Line($"{unit.Name} does not answer"),
                };
            }
        }
    }

    private static Condition Of(string id, MultiplexStatus session) =>
        Facts.Worst(
            Condition.Ok(Kind, id),
            session.Failures is { } failures ? Lost(id, session.IsDown, failures) : null,
            session.Unanswered is { } silent ? Facts.InARow(Kind, id, ConditionReason.NoAnswer, silent) : null,
            session.Suspended.Count > 0 ? Suspended(id, session.Suspended) : null,
            session.Timeouts is { } timeouts ? Facts.Of(Kind, id, ConditionLevel.Degraded, ConditionReason.NoAnswer, timeouts) : null,
            session.Refused is { } refused ? Facts.Of(Kind, id, ConditionLevel.Degraded, ConditionReason.QueueFull, refused) : null
        );

    private static Condition Lost(string id, bool isDown, Failures failures) =>
        Facts.Of(
            Kind,
            id,
            isDown || failures.Count >= Facts.Enough ? ConditionLevel.Down : ConditionLevel.Degraded,
            ConditionReason.ConnectionLost,
            failures
        );

    private static Condition Suspended(string id, IReadOnlyList<MultiplexSuspension> suspended) =>
        new(Kind, id, ConditionLevel.Degraded, ConditionReason.Suspended)
        {
            Since = suspended.Min(static one => one.Since),
            Count = suspended.Count,
            LastError = Facts.Line($"no answer from {string.Join(", ", suspended.Select(static one => one.Name))}"),
        };
}
