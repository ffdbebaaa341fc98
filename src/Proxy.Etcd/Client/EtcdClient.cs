using System.Runtime.CompilerServices;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Engine;
using Proxy.Engine;
using Proxy.Etcd.Protocol;
using Proxy.Timing;
using Proxy.Tls.Certificates;

namespace Proxy.Etcd.Client;

/// <summary>The keys of an etcd cluster. It connects when it is first used, and goes on trying for ever.</summary>
internal sealed class EtcdClient : IKeyStore, IEngine, IAsyncDisposable
{
    private const int MostKeys = 1_000_000;
    private const int MostAttempts = 3;
    private const int FirstPage = 1000;

    private readonly EtcdLink _link;
    private readonly EtcdLease _lease;
    private readonly EtcdWatches _watches;
    private readonly Random _random;
    private volatile bool _isClosed;
    private int _page = FirstPage; // keys of an answer; less where values are large

    /// <param name="config">The settings, which were validated.</param>
    /// <param name="certificates">The certificates and authorities.</param>
    /// <param name="metrics">Counts calls; null for none, as in a command.</param>
    /// <param name="time">The clock of time limits and pauses.</param>
    /// <param name="clock">The clock of the lease, which must not stop.</param>
    /// <param name="random">Spreads pauses, and hosts over members.</param>
    /// <param name="logger">Gets what goes wrong.</param>
    public EtcdClient(
        EtcdConfig config,
        CertificateStore certificates,
        EngineMetrics? metrics,
        TimeProvider time,
        TimeProvider clock,
        Random random,
        ILogger<EtcdClient> logger
    )
    {
        var members = new EtcdMembers(
            [.. config.Endpoints.Select(static url => new Uri(url))],
            new EtcdDialer(config, certificates, time),
            random
        );
        Health = new(metrics, time);
        _link = new(members, new EtcdToken(config), Health, config.Timeout, time);
        _lease = new(_link, config.LeaseTime, clock, random, logger);
        _watches = new(_link, random, logger);
        _random = random;
    }

    /// <inheritdoc />
    public IProcessLease Lease => _lease;

    /// <inheritdoc />
    public bool IsClosed => _isClosed;

    /// <inheritdoc />
    public EngineStatus Status => Health.Read() with { LeaseLeft = _lease.Current?.Left, LeaseLostSince = _lease.LostSince };

    /// <summary>What is known of the connection.</summary>
    public EtcdHealth Health { get; }

    /// <summary>Asks for the lease, and renews it in the background.</summary>
    public void Start() => _lease.Start();

    /// <inheritdoc />
    public async Task<StoredKey?> GetAsync(string key, CancellationToken cancellationToken)
    {
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8(key) };
        return await CallAsync(() => RangeAsync(request, cancellationToken)) is { Kvs: [var found, ..] } ? KeyRange.Stored(found) : null;
    }

    /// <inheritdoc />
    public Task<KeyUpdate.Full> ListAsync(string prefix, CancellationToken cancellationToken) =>
        CallAsync(() => ListOnceAsync(prefix, MostAttempts, cancellationToken));

    /// <inheritdoc />
    public async Task<KeyResult> CommitAsync(KeyTransaction transaction, CancellationToken cancellationToken)
    {
        var request = new TxnRequest();
        request.Compare.AddRange(transaction.Conditions.Select(Condition));
        request.Success.AddRange(transaction.Operations.Select(Operation));
        try
        {
            var answer = await _link.Calls.CallAsync(
                EtcdMethod.Write,
                (invoker, options) => new KV.KVClient(invoker).TxnAsync(request, options),
                cancellationToken
            );
            return new(answer.Succeeded, answer.Header.Revision);
        }
        catch (EtcdCallException exception)
        {
            if (exception.Failure.Fault == EtcdFault.LeaseUnknown)
            {
                _lease.Doubt();
            }

            throw exception.ToEngine();
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<KeyUpdate> WatchAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_link.Time, EtcdPauses.First, EtcdPauses.Longest, _random);
        var isStale = false;
        while (true)
        {
            var data = Health.Data;
            var (full, problem) = await TryListAsync(prefix, cancellationToken);
            if (full is null)
            {
                if (!isStale)
                {
                    isStale = true;
                    yield return new KeyUpdate.Stale(problem);
                }

                await Task.Delay(backoff.Fail(), _link.Time, cancellationToken);
                continue;
            }

            yield return full;
            var feed = new WatchFeed(prefix, full.Revision, data, isStale);
            _watches.Attach(feed);
            try
            {
                while (await feed.ReadAsync(cancellationToken) is { } update)
                {
                    isStale = update is KeyUpdate.Stale || (isStale && update is not KeyUpdate.Fresh);
                    yield return update;
                }
            }
            finally
            {
                _watches.Detach(feed);
            }

            backoff.Note(failed: !feed.WasCreated);
            await Task.Delay(backoff.Length, _link.Time, cancellationToken);
        }
    }

    /// <summary>Ends the watches, and the lease with its keys if the engine answers soon.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        await _watches.DisposeAsync();
        await _lease.DisposeAsync();
        _link.Dispose();
    }

    private static async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (EtcdCallException exception)
        {
            throw exception.ToEngine();
        }
    }

    private static Compare Condition(KeyCondition condition)
    {
        var compare = new Compare { Key = ByteString.CopyFromUtf8(condition.Key), Result = Compare.Types.CompareResult.Equal };
        switch (condition)
        {
            case KeyCondition.ModifiedAt modified:
                (compare.Target, compare.ModRevision) = (Compare.Types.CompareTarget.Mod, modified.Revision);
                break;
            case KeyCondition.CreatedAt created:
                (compare.Target, compare.CreateRevision) = (Compare.Types.CompareTarget.Create, created.Revision);
                break;
            default:
                (compare.Target, compare.CreateRevision) = (Compare.Types.CompareTarget.Create, 0);
                break;
        }

        return compare;
    }

    private static RequestOp Operation(KeyOperation operation)
    {
        var key = ByteString.CopyFromUtf8(operation.Key);
        return operation is KeyOperation.Put put
            ? new()
            {
                RequestPut = new()
                {
                    Key = key,
                    Value = ByteString.CopyFrom(put.Value.Span),
                    Lease = put.Lease,
                },
            }
            : new() { RequestDeleteRange = new() { Key = key } };
    }

    private Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken) =>
        _link.Calls.CallAsync(
            EtcdMethod.Read,
            (invoker, options) => new KV.KVClient(invoker).RangeAsync(request, options),
            cancellationToken
        );

    private async Task<(KeyUpdate.Full? Full, string Problem)> TryListAsync(string prefix, CancellationToken cancellationToken)
    {
        try
        {
            return (await ListAsync(prefix, cancellationToken), "");
        }
        catch (EngineException exception)
        {
            return (null, exception.Message);
        }
    }

    // Page by page, all at the revision of the first one.
    private async Task<KeyUpdate.Full> ListOnceAsync(string prefix, int attempts, CancellationToken cancellationToken)
    {
        var keys = new List<StoredKey>();
        var request = new RangeRequest { Key = KeyRange.First(prefix), RangeEnd = KeyRange.End(prefix) };
        while (true)
        {
            RangeResponse page;
            try
            {
                request.Limit = Volatile.Read(ref _page);
                page = await RangeAsync(request, cancellationToken);
            }
            catch (EtcdCallException exception) when (exception.Failure.Fault == EtcdFault.TooLarge && request.Limit > 1)
            {
                Volatile.Write(ref _page, (int)request.Limit / 2);
                continue;
            }
            catch (EtcdCallException exception) when (exception.Failure.Fault == EtcdFault.Compacted && attempts > 1)
            {
                return await ListOnceAsync(prefix, attempts - 1, cancellationToken);
            }

            keys.AddRange(page.Kvs.Select(KeyRange.Stored));
            request.Revision = request.Revision == 0 ? page.Header.Revision : request.Revision;
            if (!page.More || page.Kvs.Count == 0)
            {
                return new(request.Revision, keys);
            }

            if (keys.Count > MostKeys)
            {
                throw new EngineException($"There are more than {MostKeys:N0} keys under {prefix}.", false, isRefused: true, null);
            }

            request.Key = KeyRange.After(page.Kvs[^1].Key);
        }
    }
}
