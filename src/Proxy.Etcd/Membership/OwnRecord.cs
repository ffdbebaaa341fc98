using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Etcd.Client;
using Proxy.Timing;

namespace Proxy.Etcd.Membership;

/// <summary>
/// Keeps the record of this instance in the engine: writes it when it changes, when the lease is another one, and when the engine has lost it. A key of
/// another process with the same id is never replaced, unless that process has left or has ended for certain.
/// <para>
/// Leaving is two writes, first a mark instead of the record and then the removal, because a removal alone looks the same as the end of a lease. A watch
/// delivers both in this order, whatever happens in between; and if the second one fails, the mark is gone with the lease.
/// </para>
/// </summary>
internal sealed partial class OwnRecord(
    IKeyStore store,
    string key,
    MemberRecord self,
    FormerEpochs former,
    EngineAddresses addresses,
    Action<string> report,
    TimeProvider time,
    ILogger logger
) : IAsyncDisposable
{
    private const int MostRaces = 5;
    private static readonly TimeSpan _publishPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _leavePatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _lookAgain = TimeSpan.FromSeconds(10);

    private readonly Signal _changed = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Backoff _backoff = new(time, _firstPause, _longestPause, Random.Shared);
    private Wanted _wanted = new(self);
    private readonly Lock _gate = new(); // guards both below
    private StoredKey? _written;
    private long _seen; // the revision at which the watch has seen the key change or missing
    private Task _running = Task.CompletedTask;
    private string? _other; // of the loop, as is the next one
    private long _lease;

    private enum Result
    {
        Written,
        Overtaken,
        OfAnother,
    }

    /// <summary>Begins to publish.</summary>
    public void Start() => _running = RunAsync(_ending.Token);

    /// <summary>Publishes another record. Waits for that a moment only, and not at all while the engine grants no lease: it is published when it can be.</summary>
    public async Task PublishAsync(MemberRecord record, CancellationToken cancellationToken)
    {
        var wanted = new Wanted(record);
        Interlocked.Exchange(ref _wanted, wanted).Tried.TrySetResult();
        _changed.Set();
        if (store.Lease.Current is not null)
        {
            await wanted
                .Tried.Task.WaitAsync(_publishPatience, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Compares the key in the engine, as the watch has seen it, with what was written here.</summary>
    /// <param name="now">The key; null if there is none.</param>
    /// <param name="revision">The revision at which it is so.</param>
    public void Observe(StoredKey? now, long revision)
    {
        lock (_gate)
        {
            _seen = now?.ModRevision ?? revision; // not the greatest one: an engine that has lost its data begins anew
            if (now is null || _written is null || now.Lease != _written.Lease || !now.Value.Span.SequenceEqual(_written.Value.Span))
            {
                _written = null;
                _changed.Set();
            }
        }
    }

    /// <summary>Leaves the group.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await LeaveAsync();
        _ending.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await PassAsync(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Failed(logger, exception, key);
                await Task.Delay(_longestPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        var term = await store.Lease.WaitAsync(cancellationToken);
        await using var ended = term.Ended.Register(_changed.Set);
        if (await TryAsync(term, cancellationToken) is { } pause)
        {
            await _changed.WaitAsync(pause, time, cancellationToken);
        }
        else
        {
            await _changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Brings the key up to date.</summary>
    /// <returns>How long to wait until another attempt, if nothing changes before; null if there is none needed.</returns>
    private async Task<TimeSpan?> TryAsync(LeaseTerm term, CancellationToken cancellationToken)
    {
        var wanted = Volatile.Read(ref _wanted);
        try
        {
            var result = await WriteAsync(term, wanted.Record, cancellationToken);
            _backoff.Reset();
            return result switch
            {
                Result.OfAnother => _lookAgain,
                Result.Overtaken => _firstPause,
                _ => null,
            };
        }
        catch (EngineException exception)
        {
            if (!_backoff.HasFailed)
            {
                Log.NotWritten(logger, key, exception.Message);
            }

            return _backoff.Fail();
        }
        finally
        {
            wanted.Tried.TrySetResult();
        }
    }

    private async Task<Result> WriteAsync(LeaseTerm term, MemberRecord record, CancellationToken cancellationToken)
    {
        var value = Line(record);
        var written = Written();
        if (written is not null && written.Lease == term.Id && written.Value.Span.SequenceEqual(value))
        {
            return Result.Written;
        }

        if (written is null || _lease != term.Id)
        {
            await addresses.AssertAsync(cancellationToken);
        }

        for (var race = 0; race < MostRaces; race++)
        {
            var now = await store.GetAsync(key, cancellationToken);
            if (now is not null && !MayReplace(now))
            {
                return Result.OfAnother;
            }

            if (now is not null && now.Lease == term.Id && now.Value.Span.SequenceEqual(value))
            {
                return Note(now);
            }

            var result = await store.CommitAsync(Replacing(now, new KeyOperation.Put(key, value, term.Id)), cancellationToken);
            if (result.Succeeded)
            {
                return Note(new StoredKey(key, value, 0, result.Revision, term.Id));
            }
        }

        throw new EngineException("The key changes all the time.", mayHaveHappened: false, isRefused: false, null);
    }

    private StoredKey? Written()
    {
        lock (_gate)
        {
            return _written;
        }
    }

    // The watch may have seen already that the key was removed after it was written, if the answer was late.
    private Result Note(StoredKey written)
    {
        if (_backoff.HasFailed || _other is not null)
        {
            Log.Written(logger, key);
        }

        (_other, _lease) = (null, written.Lease);
        lock (_gate)
        {
            _written = _seen > written.ModRevision ? null : written;
            return _written is null ? Result.Overtaken : Result.Written;
        }
    }

    private bool MayReplace(StoredKey now)
    {
        var record = HelloLine.ReadWhole(now.Value.Span, out var left);
        if (left || (record is not null && (record.Epoch == self.Epoch || former.Contains(record.Epoch))))
        {
            return true;
        }

        var other = record?.Epoch ?? "";
        if (_other != other)
        {
            _other = other;
            report(
                record is null
                    ? $"the engine's key {key} has a value that is no record of a member, so the instance '{self.Id}' is not published and no member reaches it; remove the key."
                    : $"another process is the instance '{self.Id}' too, at {record.Address}, so this one is not published and no member reaches it until that one has ended and its lease is over; each instance of a group needs an Instance:Id of its own."
            );
        }

        return false;
    }

    private async Task LeaveAsync()
    {
        using var limit = new CancellationTokenSource(_leavePatience, time);
        try
        {
            var now = await store.GetAsync(key, limit.Token);
            if (now is null || HelloLine.ReadWhole(now.Value.Span, out _)?.Epoch != self.Epoch)
            {
                return;
            }

            var marked = await store.CommitAsync(Replacing(now, new KeyOperation.Put(key, Left, now.Lease)), limit.Token);
            if (marked.Succeeded)
            {
                await store.CommitAsync(Replacing(now with { ModRevision = marked.Revision }, new KeyOperation.Remove(key)), limit.Token);
            }
        }
        catch (Exception exception) when (exception is EngineException or OperationCanceledException)
        {
            Log.NotLeft(logger, self.Id, exception.Message);
        }
    }

    private KeyTransaction Replacing(StoredKey? now, KeyOperation operation) =>
        new()
        {
            Conditions = [now is null ? new KeyCondition.Absent(key) : new KeyCondition.ModifiedAt(key, now.ModRevision)],
            Operations = [operation],
        };

    private static ReadOnlyMemory<byte> Left => HelloLine.Left.AsMemory().TrimEnd((byte)'\n');

    private static byte[] Line(MemberRecord record) => HelloLine.Write(record)[..^1]; // without its end of line

    private sealed class Wanted(MemberRecord record)
    {
        public MemberRecord Record => record;

        public TaskCompletionSource Tried { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Channels: the engine's key {Key} could not be written, so other members see an old state of this instance or none until that succeeds, which is tried again and again: {Reason}"
        )]
        public static partial void NotWritten(ILogger logger, string key, string reason);

        [LoggerMessage(
            LogLevel.Error,
            "Channels: keeping the engine's key {Key} has failed; it goes on in some seconds, and until then other members may see an old state of this instance or none."
        )]
        public static partial void Failed(ILogger logger, Exception exception, string key);

        [LoggerMessage(LogLevel.Information, "Channels: the engine's key {Key} is written again.")]
        public static partial void Written(ILogger logger, string key);

        [LoggerMessage(
            LogLevel.Warning,
            "Channels: the instance '{Instance}' could not tell that it leaves, so other members notice it when its lease is over: {Reason}"
        )]
        public static partial void NotLeft(ILogger logger, string instance, string reason);
    }
}
