using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Proxy.Revisions;

/// <summary>What runs, and when that changes: for readiness, metrics and the API.</summary>
public sealed class ProxyStatus
{
    private readonly Lock _gate = new(); // guards writing _current, and _edits and _settled
    private volatile ProxyState _current = new();
    private volatile Task? _drain;
    private ConfigurationReloadToken _changed = new();
    private TaskCompletionSource? _settled;
    private long _edits;

    /// <summary>How it is now. Read it once for values that belong together.</summary>
    public ProxyState Current => _current;

    /// <summary>A token that fires when another revision runs; ask for the next one then.</summary>
    public IChangeToken WatchRunning() => Volatile.Read(ref _changed);

    /// <summary>Completes when all edits that were noticed before have been applied, rejected or put off.</summary>
    /// <returns>A task that completes at once when there are none.</returns>
    public Task WhenSettledAsync()
    {
        lock (_gate)
        {
            return _settled?.Task ?? Task.CompletedTask;
        }
    }

    /// <summary>Completes when a stop has drained the connections and ended the channels; not before it has begun to.</summary>
    /// <returns>A task that completes at once while nothing drains.</returns>
    public Task WhenDrainedAsync() => _drain ?? Task.CompletedTask;

    /// <summary>Puts another state in place of the current one.</summary>
    /// <param name="change">Makes it of the current one; quick, and without side effects.</param>
    internal void Update(Func<ProxyState, ProxyState> change)
    {
        lock (_gate)
        {
            _current = change(_current);
        }
    }

    /// <summary>Fires the token of <see cref="WatchRunning"/>.</summary>
    /// <exception cref="AggregateException">What watches it failed.</exception>
    internal void Announce() => Interlocked.Exchange(ref _changed, new()).OnReload();

    /// <summary>The drain, once it has begun.</summary>
    internal void Drains(Task drain) => _drain = drain;

    /// <summary>An edit was noticed.</summary>
    internal void EditNoticed()
    {
        lock (_gate)
        {
            _edits++;
            _settled ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>How many edits were noticed so far.</summary>
    internal long Edits => Volatile.Read(ref _edits);

    /// <summary>Edits have been dealt with.</summary>
    /// <param name="edits">How many were noticed before that.</param>
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
