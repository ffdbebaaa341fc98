using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Locking;

/// <summary>A first in, first out semaphore in front of a service.</summary>
public sealed record LockConfig
{
    /// <summary>The number of clients that are connected to the service at the same time.</summary>
    [Range(1, 1_000_000)]
    public int Permits { get; init; } = 1;

    /// <summary>Which clients share the permits.</summary>
    public LockScope Scope { get; init; }

    /// <summary>What happens while the engine cannot be reached, with Scope Global.</summary>
    public WhenEngineLost WhenEngineLost { get; init; }

    /// <summary>Resets a client after this time since its activation.</summary>
    [AllowNone]
    public TimeSpan MaxHold { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The number of clients that may wait; further ones are reset.</summary>
    [Range(0, 10_000_000)]
    public int QueueLimit { get; init; } = 10_000;

    /// <summary>The longest time that a client waits; then it is reset.</summary>
    [AllowNone]
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The pause of the service between two clients.</summary>
    [AllowZero]
    public TimeSpan ReleaseDelay { get; init; } = TimeSpan.Zero;

    /// <summary>Which departures of a waiting client end its wait; a half-close looks like leaving.</summary>
    public DropQueued DropQueued { get; init; }

    /// <summary>When a client takes its place in the queue.</summary>
    public ActivateOn ActivateOn { get; init; }

    /// <summary>Steps that run before the destination is dialed for a client.</summary>
    public IReadOnlyList<HookStepConfig> OnActivate { get; init; } = [];

    /// <summary>Steps that run after MaxHold has ended a client, before the next one is activated.</summary>
    public IReadOnlyList<HookStepConfig> OnTimeout { get; init; } = [];

    /// <summary>Steps that run after a client has left.</summary>
    public IReadOnlyList<HookStepConfig> OnRelease { get; init; } = [];

    /// <summary>What happens to a client whose OnActivate fails.</summary>
    public HookFailureAction OnHookFailure { get; init; }
}
