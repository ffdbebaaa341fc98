using Microsoft.Extensions.Logging;
using Proxy.Engine;
using Proxy.Etcd.Client;
using Proxy.Timing;

namespace Proxy.Etcd.Fleet;

/// <summary>
/// Keeps the record of this host in the engine, under the lease of the process, and writes it anew when it changes: what the host runs after a second at the
/// earliest, its health alone after half a minute, so that a fleet whose health flaps does not flood the engine. It is written again, too, where it is gone or is another one, as
/// after a restore of the engine or by an operator's hand. Of two processes with one id the first keeps
/// its key; the other one tries on, and says so.
/// </summary>
/// <param name="store">The engine.</param>
/// <param name="key">The key of this host.</param>
/// <param name="read">Reads the present record; must be quick.</param>
/// <param name="fleet">Knows the key as it was seen last, and is told of a rival.</param>
/// <param name="patience">How long the key of an earlier process with this id, which has died, may outlive it.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets what goes wrong.</param>
internal sealed partial class HostRegistration(
    IKeyStore store,
    string key,
    Func<FleetHost> read,
    FleetDirectory fleet,
    TimeSpan patience,
    TimeProvider time,
    ILogger<HostRegistration> logger
)
{
    /// <summary>How often the record is compared with what was written, and how long two writes are apart at least.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(1);

    /// <summary>How long two writes are apart at least that change nothing but the health.</summary>
    public static TimeSpan HealthInterval { get; } = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(10);

    private readonly Signal _changed = new();
    private readonly Backoff _pause = new(time, Interval, _longestPause);
    private long? _created; // the revision that created the key, while it is ours
    private (string Epoch, DateTimeOffset At)? _met; // the process that has the key
    private FleetDirectory.SeenKey? _looked; // what was seen when the engine was asked last
    private bool _isRefused;

    /// <summary>Says that the record has probably changed.</summary>
    public void Look() => _changed.Set();

    /// <summary>Keeps the record until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var term = await store.Lease.WaitAsync(cancellationToken);
            using var life = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, term.Ended);
            try
            {
                _created = null;
                await KeepAsync(term.Id, life.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The lease has ended, and the key with it: both begin anew.
            }
        }
    }

    /// <summary>Removes the record, after <see cref="RunAsync"/> has ended; without an answer the lease removes it later.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        if (_created is not { } created)
        {
            return;
        }

        try
        {
            await store.CommitAsync(
                new() { Conditions = [new KeyCondition.CreatedAt(key, created)], Operations = [new KeyOperation.Remove(key)] },
                cancellationToken
            );
        }
        catch (EngineException exception)
        {
            Log.NotRemoved(logger, key, exception.Message);
        }
        catch (OperationCanceledException)
        {
            Log.NotRemoved(logger, key, "the engine did not answer in time");
        }
    }

    private async Task KeepAsync(long lease, CancellationToken cancellationToken)
    {
        FleetHost? written = null;
        var at = 0L;
        while (true)
        {
            if (written is not null && time.GetElapsedTime(at) >= Interval && await IsLostAsync(written, lease, cancellationToken))
            {
                written = null;
            }

            var now = read();
            if (written is null || IsDue(written, now, time.GetElapsedTime(at)))
            {
                if (await TryWriteAsync(now, lease, cancellationToken))
                {
                    (written, at) = (now, time.GetTimestamp());
                    _pause.Reset();
                }
                else
                {
                    await Task.Delay(_pause.Fail(), time, cancellationToken);
                    continue;
                }
            }

            await _changed.WaitAsync(Interval, time, cancellationToken);
        }
    }

    // What was seen may be older than what was written last, so that the engine is asked, once for each time.
    private async Task<bool> IsLostAsync(FleetHost written, long lease, CancellationToken cancellationToken)
    {
        if (fleet.Own is not { } seen || ReferenceEquals(seen, _looked) || IsStored(seen.Key))
        {
            return false;
        }

        _looked = seen;
        try
        {
            return !IsStored(await store.GetAsync(key, cancellationToken));
        }
        catch (EngineException)
        {
            return true; // the write is tried until the engine answers, and finds out
        }

        bool IsStored(StoredKey? stored) =>
            stored is not null && stored.Lease == lease && stored.Value.Span.SequenceEqual(HostRecord.Write(written));
    }

    private static bool IsDue(FleetHost written, FleetHost now, TimeSpan elapsed) =>
        elapsed >= Interval && !IsSame(written, now) && (elapsed >= HealthInterval || !IsSame(written with { Level = now.Level }, now));

    private static bool IsSame(FleetHost one, FleetHost other) => HostRecord.Write(one).AsSpan().SequenceEqual(HostRecord.Write(other));

    private async Task<bool> TryWriteAsync(FleetHost host, long lease, CancellationToken cancellationToken)
    {
        try
        {
            var put = new KeyOperation.Put(key, HostRecord.Write(host), lease);
            var condition = _created is { } known ? (KeyCondition)new KeyCondition.CreatedAt(key, known) : new KeyCondition.Absent(key);
            var result = await store.CommitAsync(new() { Conditions = [condition], Operations = [put] }, cancellationToken);
            if (result.Succeeded)
            {
                _created ??= result.Revision;
                IsOurs();
                return true;
            }

            return await store.GetAsync(key, cancellationToken) is { } present
                ? await TryTakeAsync(present, put, host.Epoch, cancellationToken)
                : Forget();
        }
        catch (EngineException exception)
        {
            if (exception.IsRefused && !_isRefused)
            {
                _isRefused = true;
                Log.Refused(logger, key, exception.Message);
            }

            return false; // an engine that does not answer is told of by its client
        }
    }

    // It has gone between two calls.
    private bool Forget()
    {
        _created = null;
        return false;
    }

    // The key is of this process if an earlier write was executed without an answer, or under the lease before.
    private async Task<bool> TryTakeAsync(StoredKey present, KeyOperation.Put put, string epoch, CancellationToken cancellationToken)
    {
        var other = HostRecord.Read("", present.Value.Span).Epoch;
        if (other != epoch)
        {
            _created = null;
            Meet(other);
            return false;
        }

        var result = await store.CommitAsync(
            new() { Conditions = [new KeyCondition.ModifiedAt(key, present.ModRevision)], Operations = [put] },
            cancellationToken
        );
        _created = result.Succeeded ? present.CreateRevision : null;
        if (result.Succeeded)
        {
            IsOurs();
        }

        return result.Succeeded;
    }

    private void Meet(string epoch)
    {
        var now = time.GetUtcNow();
        if (_met?.Epoch != epoch)
        {
            _met = (epoch, now);
        }

        if (now - _met.Value.At >= patience && fleet.Rival?.Epoch != epoch)
        {
            fleet.Rival = new(epoch, _met.Value.At);
            Log.Taken(logger, fleet.Instance, epoch);
        }
    }

    private void IsOurs()
    {
        (_met, _isRefused) = (null, false);
        if (fleet.Rival is not null)
        {
            fleet.Rival = null;
            Log.Ours(logger, fleet.Instance);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "Fleet: another process (epoch {Epoch}) is registered as instance {Instance}. Give each host an id of its own (Engine:Instance, or Channels:Instance:Id); until then this one is not listed."
        )]
        public static partial void Taken(ILogger logger, string instance, string epoch);

        [LoggerMessage(
            LogLevel.Information,
            "Fleet: this host is registered as instance {Instance}; the other process with this id has gone."
        )]
        public static partial void Ours(ILogger logger, string instance);

        [LoggerMessage(
            LogLevel.Error,
            "Fleet: the engine refuses to register this host at {Key}: {Reason} The user needs write access to it."
        )]
        public static partial void Refused(ILogger logger, string key, string reason);

        [LoggerMessage(LogLevel.Information, "Fleet: {Key} was not removed and ends with its lease: {Reason}")]
        public static partial void NotRemoved(ILogger logger, string key, string reason);
    }
}
