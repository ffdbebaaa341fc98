using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Proxy.Revisions;

/// <summary>Provides the state of the proxy and its changes, for readiness, metrics and the API.</summary>
public sealed class ProxyStatus
{
    private readonly Lock _gate = new(); // guards writing _current, and _edits and _settled
    private volatile ProxyState _current = new();
    private volatile Task? _drain;
    private ConfigurationReloadToken _changed = new();
    private TaskCompletionSource? _settled;
    private long _edits;

    /// <summary>The present state. Read it once for values that belong together.</summary>
    public ProxyState Current => _current;

    /// <summary>A token that is signaled when another revision runs; the next change has another token.</summary>
    public IChangeToken WatchRunning() => Volatile.Read(ref _changed);

    /// <summary>Completes when all edits that were noticed before the call have been applied, rejected or postponed.</summary>
    /// <returns>A task that is complete if there are none.</returns>
    public Task WhenSettledAsync()
    {
        lock (_gate)
        {
            return _settled?.Task ?? Task.CompletedTask;
        }
    }

    /// <summary>
    /// Completes when a stop has drained the connections and ended the channels. Before a stop there is nothing to wait for.
    /// </summary>
    /// <returns>A task that is complete while the host is not stopping.</returns>
    public Task WhenDrainedAsync() => _drain ?? Task.CompletedTask;

    /// <summary>Replaces the present state.</summary>
    /// <param name="change">
    /// Computes the new state from the present one; has to be quick, since it runs under a lock.
    /// </param>
    internal void Update(Func<ProxyState, ProxyState> change)
    {
        lock (_gate)
        {
            _current = change(_current);
        }
    }

    /// <summary>Signals the token of <see cref="WatchRunning"/>.</summary>
    /// <exception cref="AggregateException">A callback of the token has failed.</exception>
    internal void Announce() => Interlocked.Exchange(ref _changed, new()).OnReload();

    /// <summary>Sets the task of the drain, when it begins.</summary>
    internal void Drains(Task drain) => _drain = drain;

    /// <summary>Records that an edit was noticed.</summary>
    internal void EditNoticed()
    {
        lock (_gate)
        {
            _edits++;
            _settled ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The number of edits that were noticed so far.</summary>
    internal long Edits => Volatile.Read(ref _edits);

    /// <summary>Records that edits have been applied, rejected or postponed.</summary>
    /// <param name="edits">The value of <see cref="Edits"/> before they were read.</param>
    internal void Settled(long edits)
    {
        lock (_gate)
        {
            if (edits == _edits)
            {
                _settled?.TrySetResult();
                _settled = null;
            }
        }
    }
}
