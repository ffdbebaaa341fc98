using Microsoft.Extensions.Logging;
using Proxy.Engine;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Fleet;

/// <summary>What all hosts drain: follows the keys and applies them here, and writes them. While the engine is away, what was drained stays so.</summary>
/// <param name="store">The engine.</param>
/// <param name="keys">The names of the keys.</param>
/// <param name="instance">The id of this host.</param>
/// <param name="apply">Drains here what all hosts drain, and nothing else of that kind; called under a lock, so that the newest is the last.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets what is drained.</param>
internal sealed partial class FleetDrains(
    IKeyStore store,
    EngineKeys keys,
    string instance,
    Action<IReadOnlyDictionary<DrainTarget, DrainOrder>> apply,
    TimeProvider time,
    ILogger<FleetDrains> logger
) : IFleetDrains
{
    private const int MostDrains = 10_000;

    private readonly Lock _gate = new(); // guards all below but the reads of _current
    private readonly Dictionary<string, StoredKey> _stored = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Revision, StoredKey? Now)> _own = new(StringComparer.Ordinal); // written here, and not seen by the watch yet
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision; // what the watch has seen
    private volatile IReadOnlyDictionary<DrainTarget, DrainOrder> _current = new Dictionary<DrainTarget, DrainOrder>();

    /// <inheritdoc />
    public IReadOnlyDictionary<DrainTarget, DrainOrder> Current => _current;

    /// <summary>Completes when the engine has answered for the first time.</summary>
    public Task Known => _first.Task;

    /// <summary>Follows what is drained until it is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => KeyWatch.FollowAsync(store, keys.Drains, Apply, time, cancellationToken);

    /// <inheritdoc />
    public async Task<string?> DrainAsync(DrainTarget target, string? client, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindAsync(target, cancellationToken) is [{ } present, ..])
            {
                Learn(present.ModRevision, present.Key, present);
                return null;
            }

            var key = DrainKey.Of(keys, target);
            var value = DrainKey.Write(new(instance, client, time.GetUtcNow()));
            var result = await store.CommitAsync(
                new() { Conditions = [new KeyCondition.Absent(key)], Operations = [new KeyOperation.Put(key, value, 0)] },
                cancellationToken
            );
            if (result.Succeeded)
            {
                Learn(result.Revision, key, new(key, value, result.Revision, result.Revision, 0));
            }
            else if (await store.GetAsync(key, cancellationToken) is { } other)
            {
                Learn(other.ModRevision, key, other); // somebody else was faster
            }

            return null;
        }
        catch (EngineException exception)
        {
            return exception.MayHaveHappened ? $"{exception.Message} It may be drained all the same." : exception.Message;
        }
    }

    /// <inheritdoc />
    public async Task<string?> UndrainAsync(DrainTarget target, CancellationToken cancellationToken)
    {
        try
        {
            var found = await FindAsync(target, cancellationToken);
            if (found.Count > 0)
            {
                var result = await store.CommitAsync(
                    new() { Operations = [.. found.Select(static key => new KeyOperation.Remove(key.Key))] },
                    cancellationToken
                );
                found.ForEach(key => Learn(result.Revision, key.Key, null));
            }

            return null;
        }
        catch (EngineException exception)
        {
            return exception.MayHaveHappened ? $"{exception.Message} The drain may have ended all the same." : exception.Message;
        }
    }

    /// <summary>Takes an update.</summary>
    internal void Apply(KeyUpdate update)
    {
        lock (_gate)
        {
            switch (update)
            {
                case KeyUpdate.Full full:
                    _stored.Clear();
                    _own.Clear();
                    foreach (var key in full.Keys)
                    {
                        Store(key.Key, key);
                    }

                    _revision = full.Revision;
                    Publish();
                    _first.TrySetResult();
                    break;
                case KeyUpdate.Changed changed:
                    foreach (var change in changed.Changes)
                    {
                        Store(change.Key, change.Now);
                    }

                    _revision = changed.Revision;
                    foreach (var (key, _) in _own.Where(own => own.Value.Revision <= changed.Revision).ToList())
                    {
                        _own.Remove(key);
                    }

                    Publish();
                    break;
                default:
                    break; // what was drained stays so
            }
        }
    }

    // Ids are compared without regard to case, and operators may write keys by hand.
    private async Task<List<StoredKey>> FindAsync(DrainTarget target, CancellationToken cancellationToken) =>
        [.. (await store.ListAsync(keys.Drains, cancellationToken)).Keys.Where(key => target.Equals(DrainKey.Target(keys, key.Key)))];

    // What a call has found or written counts at once, until the watch is as far.
    private void Learn(long revision, string key, StoredKey? now)
    {
        lock (_gate)
        {
            if (revision > _revision)
            {
                _own[key] = (revision, now);
                Publish();
            }
        }
    }

    private void Store(string key, StoredKey? now)
    {
        if (now is null)
        {
            _stored.Remove(key);
        }
        else if (_stored.Count < MostDrains || _stored.ContainsKey(key))
        {
            _stored[key] = now;
        }
        else
        {
            Log.TooMany(logger, MostDrains);
        }
    }

    private void Publish()
    {
        var next = new Dictionary<DrainTarget, DrainOrder>();
        foreach (
            var key in _stored
                .Values.Where(key => !_own.ContainsKey(key.Key))
                .Concat(_own.Values.Select(static own => own.Now).OfType<StoredKey>())
                .OrderBy(static key => key.CreateRevision)
        )
        {
            if (DrainKey.Target(keys, key.Key) is { } target)
            {
                next.TryAdd(target, DrainKey.Read(key.Value.Span));
            }
        }

        var before = _current;
        _current = next;
        apply(next);
        Tell(before, next);
    }

    private void Tell(IReadOnlyDictionary<DrainTarget, DrainOrder> before, Dictionary<DrainTarget, DrainOrder> now)
    {
        foreach (var (target, order) in now.Where(pair => !before.ContainsKey(pair.Key)))
        {
            Log.Drained(logger, Name(target), order.Client ?? "somebody", order.Host ?? "an unknown host");
        }

        foreach (var target in before.Keys.Where(target => !now.ContainsKey(target)))
        {
            Log.Undrained(logger, Name(target));
        }
    }

    private static string Name(DrainTarget target) =>
        Proxy.Configuration.Reading.Printable.Shorten(
            target.ClusterId is { } cluster ? $"destination {cluster}/{target.Id}" : $"member {target.Id}"
        );

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Fleet: all hosts drain {Target}, as {Client} asked at {Host}.")]
        public static partial void Drained(ILogger logger, string target, string client, string host);

        [LoggerMessage(LogLevel.Information, "Fleet: {Target} is no longer drained for all hosts.")]
        public static partial void Undrained(ILogger logger, string target);

        [LoggerMessage(LogLevel.Warning, "Fleet: more than {Most} drains for all hosts are stored; further ones are not applied.")]
        public static partial void TooMany(ILogger logger, int most);
    }
}
