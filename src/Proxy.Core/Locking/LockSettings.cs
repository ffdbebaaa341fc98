using Proxy.Configuration.Locking;
using Proxy.Hooks;

namespace Proxy.Locking;

/// <summary>What a route asks of its lock; the newest applies to every waiting client.</summary>
internal sealed record LockSettings
{
    /// <summary>Clients at once.</summary>
    public required int Permits { get; init; }

    /// <summary>The longest that may be waiting.</summary>
    public required int QueueLimit { get; init; }

    /// <summary>The longest a client waits; infinite for no limit.</summary>
    public required TimeSpan QueueTimeout { get; init; }

    /// <summary>The longest a client is served, from the end of the activation; infinite for no limit.</summary>
    public required TimeSpan MaxHold { get; init; }

    /// <summary>The service's rest between two clients.</summary>
    public required TimeSpan ReleaseDelay { get; init; }

    /// <summary>What counts as leaving the queue.</summary>
    public required DropQueued DropQueued { get; init; }

    /// <summary>Whether a client is served although its activation failed.</summary>
    public required bool ProceedsOnHookFailure { get; init; }

    public required HookList OnActivate { get; init; }

    public required HookList OnTimeout { get; init; }

    public required HookList OnRelease { get; init; }

    public required ILockedService Service { get; init; }
}
