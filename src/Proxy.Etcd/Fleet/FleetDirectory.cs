using Microsoft.Extensions.Logging;
using Proxy.Engine;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Fleet;

/// <summary>The hosts of the fleet, as their keys say. While the engine is away it has those that were known last.</summary>
/// <param name="keys">The names of the keys.</param>
/// <param name="instance">The id of this host.</param>
/// <param name="time">The clock.</param>
internal sealed class FleetDirectory(EngineKeys keys, string instance, TimeProvider time) : IFleet
{
    private const int MostHosts = 10_000;

    private readonly SortedDictionary<string, FleetHost> _hosts = new(StringComparer.Ordinal); // by key; used by the watch alone
    private volatile FleetState _current = new();
    private volatile InstanceRival? _rival;
    private volatile SeenKey? _own;

    /// <inheritdoc />
    public string Instance => instance;

    /// <inheritdoc />
    public FleetState Current => _current;

    /// <inheritdoc />
    public InstanceRival? Rival
    {
        get => _rival;
        set => _rival = value;
    }

    /// <summary>The key of this host as it was seen last, another object each time; null before that.</summary>
    public SeenKey? Own => _own;

    /// <summary>Follows the hosts until it is cancelled.</summary>
    public Task RunAsync(IKeyStore store, ILogger logger, CancellationToken cancellationToken) =>
        KeyWatch.FollowAsync(store, keys.Hosts, Apply, time, logger, cancellationToken);

    /// <summary>Takes an update; not from several threads at once.</summary>
    internal void Apply(KeyUpdate update)
    {
        switch (update)
        {
            case KeyUpdate.Full full:
                _own = new(full.Keys.FirstOrDefault(IsOwn));
                _hosts.Clear();
                foreach (var key in full.Keys)
                {
                    Take(key);
                }

                Publish(staleSince: null);
                break;
            case KeyUpdate.Changed changed:
                foreach (var change in changed.Changes)
                {
                    if (change.Key == keys.Host(instance))
                    {
                        _own = new(change.Now);
                    }

                    _hosts.Remove(change.Key);
                    if (change.Now is { } now)
                    {
                        Take(now);
                    }
                }

                Publish(_current.StaleSince);
                break;
            case KeyUpdate.Stale:
                _current = _current with { StaleSince = _current.StaleSince ?? time.GetUtcNow() };
                break;
            default:
                _current = _current with { StaleSince = null };
                break;
        }
    }

    private bool IsOwn(StoredKey key) => key.Key == keys.Host(instance);

    private void Take(StoredKey key)
    {
        if (_hosts.Count < MostHosts)
        {
            _hosts[key.Key] = HostRecord.Read(key.Key[keys.Hosts.Length..], key.Value.Span);
        }
    }

    private void Publish(DateTimeOffset? staleSince)
    {
        var hosts = FleetComparison.Mark(_hosts.Values, _current.Hosts, time.GetUtcNow());
        _current = new()
        {
            Hosts = hosts,
            UsualRevision = FleetComparison.Usual(hosts),
            StaleSince = staleSince,
        };
    }

    /// <summary>A key as it was seen.</summary>
    /// <param name="Key">The key; null if it does not exist.</param>
    internal sealed record SeenKey(StoredKey? Key);
}
