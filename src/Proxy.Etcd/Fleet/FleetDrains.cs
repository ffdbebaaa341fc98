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
    private const int Attempts = 2;
    private const string Conflict = "Others have drained or undrained it at the same time; try again.";

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
    public Task RunAsync(CancellationToken cancellationToken) =>
        KeyWatch.FollowAsync(store, keys.Drains, Apply, time, logger, cancellationToken);

    /// <inheritdoc />
    public async Task<bool?> IsDrainedAsync(DrainTarget target, CancellationToken cancellationToken)
    {
        try
        {
            return (await FindAsync(target, cancellationToken)).Count > 0;
        }
        catch (EngineException)
        {
            return null; // a call that changes something says why
        }
    }

    /// <inheritdoc />
    public async Task<string?> DrainAsync(DrainTarget target, string? client, CancellationToken cancellationToken)
    {
        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (await TryDrainAsync(target, client, cancellationToken))
                {
                    return null;
                }
            }

            return Conflict;
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
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (await TryUndrainAsync(target, cancellationToken))
                {
                    return null;
                }
            }

            return Conflict;
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
                    Forget(full.Revision < _revision ? long.MaxValue : full.Revision); // all of it, if the data were lost
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
                    Forget(changed.Revision);
                    Publish();
                    break;
                default:
                    break; // what was drained stays so
            }
        }
    }

    // One that is there is written again as it is, so that an end of it at the same time, which has read it before, fails and reads again.
    private async Task<bool> TryDrainAsync(DrainTarget target, string? client, CancellationToken cancellationToken)
    {
        var present = (await FindAsync(target, cancellationToken)).FirstOrDefault();
        var key = present?.Key ?? DrainKey.Of(keys, target);
        var value = present?.Value ?? DrainKey.Write(new(instance, client, time.GetUtcNow()));
        KeyCondition condition = present is null ? new KeyCondition.Absent(key) : new KeyCondition.ModifiedAt(key, present.ModRevision);
        var result = await store.CommitAsync(
            new() { Conditions = [condition], Operations = [new KeyOperation.Put(key, value, 0)] },
            cancellationToken
        );
        if (result.Succeeded)
        {
            Learn(result.Revision, key, new(key, value, present?.CreateRevision ?? result.Revision, result.Revision, 0));
        }

        return result.Succeeded;
    }

    // Only what was found: a drain that has come since is another one.
    private async Task<bool> TryUndrainAsync(DrainTarget target, CancellationToken cancellationToken)
    {
        var found = await FindAsync(target, cancellationToken);
        if (found.Count == 0)
        {
            return true;
        }

        var result = await store.CommitAsync(
            new()
            {
                Conditions = [.. found.Select(static key => new KeyCondition.ModifiedAt(key.Key, key.ModRevision))],
                Operations = [.. found.Select(static key => new KeyOperation.Remove(key.Key))],
            },
            cancellationToken
        );
        if (result.Succeeded)
        {
            found.ForEach(key => Learn(result.Revision, key.Key, null));
        }

        return result.Succeeded;
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

    // What was written here counts until the watch has seen it: keys may have been listed before, and come after.
    private void Forget(long seen)
    {
        foreach (var (key, _) in _own.Where(own => own.Value.Revision <= seen).ToList())
        {
            _own.Remove(key);
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
            Log.Drained(logger, Name(target), order.Client ?? "an unknown client", order.Host ?? "an unknown host");
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
