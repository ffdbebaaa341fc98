using Proxy.Engine;

namespace Proxy.Conditions.Rules;

/// <summary>This host in its fleet: whether its id is its own, and whether it runs the documents that the others run. Each host tells of itself alone.</summary>
internal sealed class FleetConditions(IFleet fleet, TimeProvider time) : IConditionSource
{
    /// <summary>How long hosts may differ while an edit reaches them.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(5);

    private const ConditionKind Kind = ConditionKind.Fleet;

    public IEnumerable<Condition> Read()
    {
        var own = fleet.Current.Hosts.FirstOrDefault(host => host.Instance == fleet.Instance);
        yield return fleet.Rival is { } rival
            ? new(Kind, fleet.Instance, ConditionLevel.Down, ConditionReason.InstanceTaken)
            {
                Since = rival.Since,
                LastError = Facts.Line($"another process (epoch {rival.Epoch}) is registered as {fleet.Instance}"),
                Count = 1,
            }
        : own is { BehindSince: { } since } && time.GetUtcNow() - since > Patience
            ? new(Kind, fleet.Instance, ConditionLevel.Degraded, ConditionReason.DocumentDiffers)
            {
                Since = since,
                LastError = Facts.Line($"another host runs a newer revision of {string.Join(", ", own.Behind)}"),
                Count = own.Behind.Count,
            }
        : Condition.Ok(Kind, fleet.Instance);
    }
}
