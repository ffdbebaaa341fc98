using System.Runtime.CompilerServices;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests.Locking;

/// <summary>The engine as a process sees it that can be frozen: it sends nothing and hears of nothing then.</summary>
internal sealed class FrozenKeyStore(MemoryKeyStore inner) : IKeyStore
{
    private volatile TaskCompletionSource _runs = Done();
    private volatile bool _isBroken;

    public MemoryKeyStore Inner => inner;

    public IProcessLease Lease => inner.Lease;

    public void Freeze() => _runs = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends a watch at its next change, as something that was disposed too early does.</summary>
    public void Break() => _isBroken = true;

    public void Resume() => _runs.TrySetResult();

    public async Task<StoredKey?> GetAsync(string key, CancellationToken cancellationToken)
    {
        await _runs.Task.WaitAsync(cancellationToken);
        return await inner.GetAsync(key, cancellationToken);
    }

    public async Task<KeyUpdate.Full> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        await _runs.Task.WaitAsync(cancellationToken);
        return await inner.ListAsync(prefix, cancellationToken);
    }

    public async Task<KeyResult> CommitAsync(KeyTransaction transaction, CancellationToken cancellationToken)
    {
        await _runs.Task.WaitAsync(cancellationToken);
        var result = await inner.CommitAsync(transaction, cancellationToken);
        await _runs.Task.WaitAsync(cancellationToken);
        return result;
    }

    public async IAsyncEnumerable<KeyUpdate> WatchAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var update in inner.WatchAsync(prefix, cancellationToken))
        {
            await _runs.Task.WaitAsync(cancellationToken);
            if (_isBroken)
            {
                _isBroken = false;
                ObjectDisposedException.ThrowIf(true, this);
            }

            yield return update;
        }
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        done.SetResult();
        return done;
    }
}
