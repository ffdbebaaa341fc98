using Microsoft.Extensions.Logging;
using Proxy.Timing;

namespace Proxy.Etcd.Client;

/// <summary>One key of <see cref="LeasedKeys"/>: a loop that writes what is wanted, and one that watches what is stored.</summary>
internal sealed partial class LeasedKey
{
    private readonly Lock _gate = new(); // guards all fields that change
    private readonly string _key;
    private readonly IKeyStore _store;
    private readonly Backoff _backoff;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Signal _changed = new();
    private ReadOnlyMemory<byte>? _wanted;
    private long _version; // of what is wanted
    private TaskCompletionSource _written = New();
    private (long Version, long Lease) _stored; // as far as this process has written it
    private long _attempted; // the lease of the last attempt to write; changed by the writing loop alone
    private int _doubts; // how often it became doubtful what is stored
    private int _checked; // how many of them were looked into
    private bool _isTold; // that writing fails

    /// <summary>Begins with a key that is not wanted yet.</summary>
    public LeasedKey(string key, IKeyStore store, Backoff backoff, TimeProvider time, ILogger logger, CancellationToken stop)
    {
        (_key, _store, _backoff, _time, _logger) = (key, store, backoff, time, logger);
        _written.TrySetResult();
        Ended = Task.WhenAll(RunAsync(WriteAsync, stop), RunAsync(WatchAsync, stop));
    }

    /// <summary>Completes when both loops have ended, which they do when they are stopped.</summary>
    public Task Ended { get; }

    /// <summary>Completes once what is wanted now, or something newer, is stored.</summary>
    public Task Written
    {
        get
        {
            lock (_gate)
            {
                return _written.Task;
            }
        }
    }

    /// <summary>Changes what is wanted; null for no key.</summary>
    public void Set(ReadOnlyMemory<byte>? value)
    {
        lock (_gate)
        {
            (_wanted, _version) = (value, _version + 1);
            if (_written.Task.IsCompleted)
            {
                _written = New();
            }
        }

        _changed.Set();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task RunAsync(Func<CancellationToken, Task> loop, CancellationToken stop)
    {
        await Task.Yield();
        try
        {
            await loop(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It was told to.
        }
    }

    private async Task WriteAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                if (await StepAsync(stop))
                {
                    _backoff.Reset();
                    _isTold = false;
                    continue;
                }
            }
            catch (EngineException exception)
            {
                if (!_isTold)
                {
                    _isTold = true;
                    Log.Failed(_logger, _key, exception.Message);
                }

                await Task.Delay(_backoff.Fail(), _time, stop); // the same again, whether or not it has happened
                continue;
            }

            var (isWanted, term) = (IsWanted, _store.Lease.Current);
            if (isWanted && term?.Id != Lease)
            {
                continue; // the lease is new, or will be
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, isWanted ? term!.Ended : stop);
            try
            {
                await _changed.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                // The lease has ended.
            }
        }
    }

    private bool IsWanted
    {
        get
        {
            lock (_gate)
            {
                return _wanted is not null;
            }
        }
    }

    private long Lease
    {
        get
        {
            lock (_gate)
            {
                return _stored.Lease;
            }
        }
    }

    /// <summary>Does the next thing. False if there is none.</summary>
    private async Task<bool> StepAsync(CancellationToken stop)
    {
        var term = IsWanted ? await _store.Lease.WaitAsync(stop) : null;
        ReadOnlyMemory<byte>? wanted;
        (long Version, long Lease) stored;
        long version;
        int doubts;
        bool isDoubtful;
        lock (_gate)
        {
            (wanted, version, stored, doubts, isDoubtful) = (_wanted, _version, _stored, _doubts, _doubts != _checked);
        }

        if (wanted is not { } value)
        {
            return (stored.Version != version || isDoubtful) && await RemoveAsync(version, doubts, stop);
        }

        if (term is null)
        {
            return true; // it was not wanted a moment ago
        }

        if (stored.Version == version && stored.Lease == term.Id)
        {
            return isDoubtful && await CheckAsync(stored.Lease, doubts, stop);
        }

        lock (_gate)
        {
            _attempted = term.Id;
        }

        await _store.CommitAsync(new() { Operations = [new KeyOperation.Put(_key, value, term.Id)] }, stop);
        Note(version, term.Id, doubts);
        return true;
    }

    // What another process has written stays; an attempt that is not known to have failed counts as this process's.
    private async Task<bool> RemoveAsync(long version, int doubts, CancellationToken stop)
    {
        if (_attempted != 0 && await _store.GetAsync(_key, stop) is { } found && found.Lease == _attempted)
        {
            var remove = new KeyTransaction
            {
                Conditions = [new KeyCondition.ModifiedAt(_key, found.ModRevision)],
                Operations = [new KeyOperation.Remove(_key)],
            };
            await _store.CommitAsync(remove, stop);
        }

        Note(version, 0, doubts);
        return true;
    }

    private void Note(long version, long lease, int doubts)
    {
        lock (_gate)
        {
            (_stored, _checked) = ((version, lease), doubts);
            if (version == _version)
            {
                _written.TrySetResult();
            }
        }
    }

    // Reads the key, and has it written if it is gone.
    private async Task<bool> CheckAsync(long lease, int doubts, CancellationToken stop)
    {
        var found = await _store.GetAsync(_key, stop);
        lock (_gate)
        {
            _checked = doubts;
            if (found is null)
            {
                _stored = default;
            }
        }

        if (found is null)
        {
            Log.Gone(_logger, _key);
            return true;
        }

        if (found.Lease != lease)
        {
            Log.Overwritten(_logger, _key);
        }

        return false;
    }

    // The prefix has keys that begin alike, too.
    private async Task WatchAsync(CancellationToken stop)
    {
        await foreach (var update in _store.WatchAsync(_key, stop))
        {
            if (update is KeyUpdate.Full full)
            {
                Look(full.Keys.FirstOrDefault(key => key.Key == _key));
            }
            else if (update is KeyUpdate.Changed changed && changed.Changes.LastOrDefault(change => change.Key == _key) is { } last)
            {
                Look(last.Now);
            }
        }
    }

    private void Look(StoredKey? now)
    {
        lock (_gate)
        {
            var isOwn = now is not null && now.Lease == _attempted;
            if (isOwn == (_wanted is not null))
            {
                return;
            }

            _doubts++;
        }

        _changed.Set();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The key {Key} cannot be written to the engine; it is tried again until it can: {Reason}")]
        public static partial void Failed(ILogger logger, string key, string reason);

        [LoggerMessage(LogLevel.Warning, "The key {Key} was removed from the engine by something else; it is written again.")]
        public static partial void Gone(ILogger logger, string key);

        [LoggerMessage(
            LogLevel.Error,
            "The key {Key} was overwritten by another process, which stays so: two hosts may have the same id. Give each its own as Engine:Instance or Channels:Instance:Id."
        )]
        public static partial void Overwritten(ILogger logger, string key);
    }
}
