using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;
using Proxy.Configuration;

namespace Proxy;

/// <summary>What runs, and what of the configuration does not: for readiness, metrics and the API.</summary>
public sealed class ProxyStatus
{
    private volatile Revision? _running;
    private volatile IReadOnlyList<ConfigProblem> _rejected = [];
    private volatile string? _pending;
    private volatile IReadOnlyList<string> _restartNeeded = [];
    private volatile Task? _drain;
    private readonly Lock _gate = new(); // guards _edits and _settled
    private ConfigurationReloadToken _changed = new();
    private TaskCompletionSource? _settled;
    private long _edits;

    /// <summary>The revision that runs; null before the start.</summary>
    public Revision? Running
    {
        get => _running;
        internal set
        {
            _running = value;
            Interlocked.Exchange(ref _changed, new()).OnReload();
        }
    }

    /// <summary>Since when the revision runs; null before the start.</summary>
    public DateTimeOffset? AppliedAt { get; internal set; }

    /// <summary>Why the newest edit was rejected; empty when it was not.</summary>
    public IReadOnlyList<ConfigProblem> Rejected
    {
        get => _rejected;
        internal set => _rejected = value;
    }

    /// <summary>Why the newest valid revision waits; null when none does. It waits on while a newer text is rejected.</summary>
    public string? Pending
    {
        get => _pending;
        internal set => _pending = value;
    }

    /// <summary>Sections that were edited and apply only at start.</summary>
    public IReadOnlyList<string> RestartNeeded
    {
        get => _restartNeeded;
        internal set => _restartNeeded = value;
    }

    /// <summary>Whether the host is stopping.</summary>
    public bool Draining => DrainingSince is not null;

    /// <summary>When the host began to stop; null while it does not.</summary>
    public DateTimeOffset? DrainingSince { get; internal set; }

    /// <summary>Completes when a stop has drained the connections and ended the channels; not before it has begun to.</summary>
    /// <returns>A task that completes at once while nothing drains.</returns>
    public Task WhenDrainedAsync() => _drain ?? Task.CompletedTask;

    /// <summary>The drain, once it has begun.</summary>
    internal void Drains(Task drain) => _drain = drain;

    /// <summary>Whether the configuration is applied, listeners are bound and nothing drains.</summary>
    public bool Ready => _running is not null && !Draining;

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

    /// <summary>The bound addresses with their real ports, by <see cref="EndpointBinding.Slot"/>.</summary>
    public IReadOnlyDictionary<string, EndPoint> Bound { get; internal set; } = new Dictionary<string, EndPoint>();
}
