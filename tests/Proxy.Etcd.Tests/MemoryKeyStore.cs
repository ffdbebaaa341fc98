using System.Runtime.CompilerServices;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests;

/// <summary>One process of a <see cref="MemoryCluster"/>, which can be cut off from it and whose calls can fail.</summary>
/// <param name="cluster">The engine.</param>
internal sealed class MemoryKeyStore(MemoryCluster cluster) : IKeyStore
{
    private readonly Lock _gate = new(); // guards all below
    private readonly Queue<(string Part, bool Happens, bool IsRefused)> _failures = new();
    private TaskCompletionSource _turned = New();
    private string? _away;

    /// <summary>A process that has an engine for itself.</summary>
    public MemoryKeyStore()
        : this(new()) { }

    /// <summary>The engine.</summary>
    public MemoryCluster Cluster { get; } = cluster;

    /// <summary>The lease, which ends when a test says so.</summary>
    public MemoryLease Lease { get; } = new(cluster);

    IProcessLease IKeyStore.Lease => Lease;

    /// <summary>The calls so far, failed ones too.</summary>
    public int Calls { get; private set; }

    /// <summary>Is called once before the next change, as what another process does first.</summary>
    public Action? BeforeCommit { get; set; }

    /// <summary>What the answers of writes wait for; null for nothing. The writes themselves do not wait.</summary>
    public Task? AnswersAfter { get; set; }

    /// <summary>What the next call throws; null for nothing.</summary>
    public Exception? Breaks { get; set; }

    /// <summary>Cuts this process off: calls fail, and watches are told that they are stale. Its lease is as it was.</summary>
    public void Leave(string reason = "The engine does not answer.")
    {
        lock (_gate)
        {
            _away = reason;
            Turn();
        }
    }

    /// <summary>Ends that: watches are told that they are fresh, and get what they missed, before or after it.</summary>
    public void Return()
    {
        lock (_gate)
        {
            _away = null;
            Turn();
        }
    }

    /// <summary>Makes a coming call fail, the first of several that has the part in its key.</summary>
    /// <param name="part">A part of the key or the prefix of the call; empty fits all.</param>
    /// <param name="happens">Whether the call is executed all the same.</param>
    /// <param name="isRefused">Whether it is refused.</param>
    public void Fail(string part = "", bool happens = false, bool isRefused = false)
    {
        lock (_gate)
        {
            _failures.Enqueue((part, happens, isRefused));
        }
    }

    /// <inheritdoc />
    public Task<StoredKey?> GetAsync(string key, CancellationToken cancellationToken) =>
        CallAsync([key], isWrite: false, () => Cluster.Get(key), cancellationToken);

    /// <inheritdoc />
    public Task<KeyUpdate.Full> ListAsync(string prefix, CancellationToken cancellationToken) =>
        CallAsync([prefix], isWrite: false, () => Cluster.List(prefix), cancellationToken);

    /// <inheritdoc />
    public async Task<KeyResult> CommitAsync(KeyTransaction transaction, CancellationToken cancellationToken)
    {
        var result = await CallAsync(
            [.. transaction.Operations.Select(static one => one.Key)],
            isWrite: true,
            () =>
            {
                var before = BeforeCommit;
                BeforeCommit = null;
                before?.Invoke();
                cancellationToken.ThrowIfCancellationRequested();
                return Cluster.Commit(transaction);
            },
            cancellationToken
        );
        await (AnswersAfter ?? Task.CompletedTask).WaitAsync(cancellationToken);
        return result;
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<KeyUpdate> WatchAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (long, int)? known = null;
        var isStale = false;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (away, turned) = State();
            if (away is not null)
            {
                if (!isStale)
                {
                    isStale = true;
                    yield return new KeyUpdate.Stale(away);
                }

                await turned.WaitAsync(cancellationToken);
                continue;
            }

            var (updates, now, more) = Cluster.Since(prefix, known);
            if (isStale && updates is not [KeyUpdate.Full])
            {
                isStale = false;
                yield return new KeyUpdate.Fresh();
            }

            foreach (var update in updates)
            {
                yield return update;
            }

            known = now;
            if (isStale)
            {
                isStale = false;
                yield return new KeyUpdate.Fresh();
            }

            await Task.WhenAny(more, turned).WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<T> CallAsync<T>(IReadOnlyList<string> keys, bool isWrite, Func<T> call, CancellationToken cancellationToken)
    {
        await Task.Yield(); // a real one never ends at once
        cancellationToken.ThrowIfCancellationRequested();
        (string Part, bool Happens, bool IsRefused)? failure = null;
        lock (_gate)
        {
            Calls++;
            if (Breaks is { } broken)
            {
                Breaks = null;
                throw broken;
            }

            if (_away is { } reason)
            {
                throw new EngineException(reason, mayHaveHappened: isWrite, isRefused: false, null);
            }

            if (_failures.TryPeek(out var next) && keys.Any(key => key.Contains(next.Part, StringComparison.Ordinal)))
            {
                failure = _failures.Dequeue();
            }
        }

        if (failure is not { } failed)
        {
            return call();
        }

        if (failed.Happens)
        {
            call();
        }

        throw failed.IsRefused
            ? new EngineException("The engine refuses this: permission denied.", mayHaveHappened: false, isRefused: true, null)
            : new EngineException("The engine has not answered within 3 s.", mayHaveHappened: isWrite, isRefused: false, null);
    }

    private (string? Away, Task Turned) State()
    {
        lock (_gate)
        {
            return (_away, _turned.Task);
        }
    }

    private void Turn()
    {
        _turned.TrySetResult();
        _turned = New();
    }
}
