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
    private volatile bool _draining;
    private ConfigurationReloadToken _changed = new();

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
    public bool Draining
    {
        get => _draining;
        internal set => _draining = value;
    }

    /// <summary>Whether the configuration is applied, listeners are bound and nothing drains.</summary>
    public bool Ready => _running is not null && !_draining;

    /// <summary>A token that fires when another revision runs; ask for the next one then.</summary>
    public IChangeToken WatchRunning() => Volatile.Read(ref _changed);

    /// <summary>The bound addresses with their real ports, by <see cref="EndpointBinding.Slot"/>.</summary>
    public IReadOnlyDictionary<string, EndPoint> Bound { get; internal set; } = new Dictionary<string, EndPoint>();
}
