using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Engine;
using Proxy.Revisions;

namespace Proxy.Etcd.Fleet;

/// <summary>What this host tells the fleet about itself.</summary>
/// <param name="instance">The id of this host.</param>
/// <param name="epoch">The value of this start.</param>
/// <param name="description">The program.</param>
/// <param name="status">What runs.</param>
/// <param name="conditions">How well it runs.</param>
/// <param name="time">The clock.</param>
internal sealed class HostFacts(
    string instance,
    string epoch,
    HostDescription description,
    ProxyStatus status,
    ConditionRegistry conditions,
    TimeProvider time
)
{
    private static readonly TimeSpan _fresh = TimeSpan.FromSeconds(5); // with thousands of destinations, all conditions are some work

    private readonly DateTimeOffset _started = time.GetUtcNow();
    private ConditionLevel _level;
    private long? _levelAt;

    /// <summary>Reads it; not from several threads at once.</summary>
    public FleetHost Read()
    {
        var state = status.Current;
        return new(instance, epoch)
        {
            Version = description.Version,
            StartedAt = _started,
            AdminAddress = description.AdminAddress,
            Revision = state.Running?.Id,
            AppliedAt = state.AppliedAt,
            Documents =
            [
                .. state
                    .Versions.Select(static one => new FleetDocument(one.Key, one.Value))
                    .OrderBy(static one => one.Name, StringComparer.Ordinal),
            ],
            RejectedSince = state.RejectedAt,
            Level = Level(),
            Draining = state.Draining,
        };
    }

    private ConditionLevel Level()
    {
        if (_levelAt is not { } at || time.GetElapsedTime(at) >= _fresh)
        {
            _level = conditions.Read() is [var worst, ..] ? worst.Level : ConditionLevel.Ok;
            _levelAt = time.GetTimestamp();
        }

        return _level;
    }
}
