using Proxy.Configuration.Locking;
using Proxy.Hooks;

namespace Proxy.Locking;

/// <summary>The settings of a route's lock. The newest ones apply to every waiting client.</summary>
internal sealed record LockSettings
{
    /// <summary>The number of clients that are served at the same time.</summary>
    public required int Permits { get; init; }

    /// <summary>What happens while the engine of a global lock cannot be reached.</summary>
    public WhenEngineLost WhenEngineLost { get; init; }

    /// <summary>The number of clients that may wait.</summary>
    public required int QueueLimit { get; init; }

    /// <summary>The time that a client may wait; infinite for no limit.</summary>
    public required TimeSpan QueueTimeout { get; init; }

    /// <summary>The time that a client may be served, from the end of the activation; infinite for no limit.</summary>
    public required TimeSpan MaxHold { get; init; }

    /// <summary>The pause of the service between two clients.</summary>
    public required TimeSpan ReleaseDelay { get; init; }

    /// <summary>Which departures of a waiting client end its wait.</summary>
    public required DropQueued DropQueued { get; init; }

    /// <summary>When a client takes its place in the queue.</summary>
    public ActivateOn ActivateOn { get; init; }

    /// <summary>The time that a client may be silent before it takes its place; infinite for no limit.</summary>
    public TimeSpan IdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Whether a client is served even if its activation failed.</summary>
    public required bool ProceedsOnHookFailure { get; init; }

    public required HookList OnActivate { get; init; }

    public required HookList OnTimeout { get; init; }

    public required HookList OnRelease { get; init; }

    public required ILockedService Service { get; init; }
}
