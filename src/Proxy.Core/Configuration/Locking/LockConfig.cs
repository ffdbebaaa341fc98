using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Locking;

/// <summary>A first in, first out semaphore in front of a service.</summary>
public sealed record LockConfig
{
    /// <summary>Clients that are connected to the service at once.</summary>
    [Range(1, 1_000_000)]
    public int Permits { get; init; } = 1;

    /// <summary>Which clients share the permits.</summary>
    public LockScope Scope { get; init; }

    /// <summary>Ends a client this long after its activation.</summary>
    [AllowNone]
    public TimeSpan MaxHold { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Clients that may wait; more are reset.</summary>
    [Range(0, 10_000_000)]
    public int QueueLimit { get; init; } = 10_000;

    /// <summary>The longest a client waits; then it is reset.</summary>
    [AllowNone]
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The service's rest between two clients.</summary>
    [AllowZero]
    public TimeSpan ReleaseDelay { get; init; } = TimeSpan.Zero;

    /// <summary>What counts as leaving the queue: a half-close looks the same.</summary>
    public DropQueued DropQueued { get; init; }

    /// <summary>Steps before the destination is dialed for a client.</summary>
    public IReadOnlyList<HookStepConfig> OnActivate { get; init; } = [];

    /// <summary>Steps after MaxHold has ended a client, before the next is activated.</summary>
    public IReadOnlyList<HookStepConfig> OnTimeout { get; init; } = [];

    /// <summary>Steps after a client has gone.</summary>
    public IReadOnlyList<HookStepConfig> OnRelease { get; init; } = [];

    /// <summary>What happens to a client whose OnActivate fails.</summary>
    public HookFailureAction OnHookFailure { get; init; }
}
