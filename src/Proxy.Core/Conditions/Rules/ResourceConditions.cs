using System.Globalization;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Limits;

namespace Proxy.Conditions.Rules;

/// <summary>What the process may use: accepting clients, descriptors, the memory of messages, and local ports for dials.</summary>
/// <remarks>
/// How much is in use is no event and so has no time of its own: it is compared with the bound whenever it is read, which the history does every two
/// seconds. Once it is near, it is so until clearly less is in use, so that a use which varies around one mark is one condition and not many.
/// </remarks>
internal sealed class ResourceConditions(Resources resources, ByteBudget memory, PortShortages ports, TimeProvider time) : IConditionSource
{
    private const ConditionKind Kind = ConditionKind.Resource;
    private const double Near = 0.8;
    private const double NotNear = 0.75;

    private readonly Lock _gate = new(); // guards both fields below
    private DateTimeOffset? _descriptorsSince;
    private DateTimeOffset? _memorySince;

    public IEnumerable<Condition> Read()
    {
        yield return resources.PausedSince is { } since
            ? new(Kind, "accepting", ConditionLevel.Down, ConditionReason.AcceptingPaused) { Since = since, Count = resources.Pauses }
            : Condition.Ok(Kind, "accepting");
        var usable = resources.Limit == int.MaxValue ? int.MaxValue : resources.Limit - resources.Reserve;
        yield return Of("descriptors", resources.Open, usable, ref _descriptorsSince);
        yield return Of("memory", memory.Used, memory.Limit, ref _memorySince);
        yield return ports.Within(PortShortages.Lately) is { Count: > 0 } shortages
            ? new(Kind, "ports", ConditionLevel.Degraded, ConditionReason.NoLocalPort)
            {
                Since = shortages.Min(static one => one.Since),
                LastError = $"no local port is left towards {shortages[0].Address}",
                Count = shortages.Sum(static one => one.Count),
            }
            : Condition.Ok(Kind, "ports");
    }

    private Condition Of(string id, long used, long limit, ref DateTimeOffset? since)
    {
        DateTimeOffset? crossed;
        lock (_gate)
        {
            crossed = since = used < limit * (since is null ? Near : NotNear) ? null : since ?? time.GetUtcNow();
        }

        return crossed is null
            ? Condition.Ok(Kind, id)
            : new(Kind, id, ConditionLevel.Degraded, ConditionReason.NearLimit)
            {
                Since = crossed,
                Count = used,
                LastError = string.Create(CultureInfo.InvariantCulture, $"{used} of {limit} in use"),
            };
    }
}
