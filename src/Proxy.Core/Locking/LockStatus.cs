using Proxy.Conditions;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>The status of a lock at one moment.</summary>
public sealed record LockStatus
{
    /// <summary>The id of the route.</summary>
    public required string RouteId { get; init; }

    /// <summary>The number of clients that may be served at the same time now.</summary>
    public required int Permits { get; init; }

    /// <summary>The number of clients that may wait.</summary>
    public required int QueueLimit { get; init; }

    /// <summary>Whether an operator has paused admission.</summary>
    public required bool IsPaused { get; init; }

    /// <summary>Whether the route was removed, or has no lock any more.</summary>
    public required bool IsClosed { get; init; }

    /// <summary>The rest of the pause after a failed hook or dial; zero if there is none.</summary>
    public required TimeSpan PausedAfterFailure { get; init; }

    /// <summary>Since when an operator has paused admission; null if none has.</summary>
    public DateTimeOffset? PausedSince { get; init; }

    /// <summary>Since when the queue has been full; null if it is not.</summary>
    public DateTimeOffset? FullSince { get; init; }

    /// <summary>The clients that were refused because the queue was full, up to the last minute; null if there are none.</summary>
    public Failures? Refused { get; init; }

    /// <summary>The activations and dials that failed since the last one that succeeded; null if there are none.</summary>
    public Failures? Failures { get; init; }

    /// <summary>The runs of hooks that failed since the last one that succeeded, even if clients are served all the same; null if there are none.</summary>
    public Failures? HookFailures { get; init; }

    /// <summary>The lock over all hosts; null with Scope Host.</summary>
    public SharedLockStatus? Shared { get; init; }

    /// <summary>How well the lock works; null where that is not asked for.</summary>
    public Condition? Condition { get; init; }

    /// <summary>The number of successful activations since the program started.</summary>
    public required long Activations { get; init; }

    /// <summary>The number of clients that have sent nothing yet and so wait outside the queue, with <c>ActivateOn: FirstByte</c>.</summary>
    public required int Silent { get; init; }

    /// <summary>The clients that hold a permit, longest first.</summary>
    public required IReadOnlyList<LockClient> Holding { get; init; }

    /// <summary>The waiting clients, in order.</summary>
    public required IReadOnlyList<LockClient> Waiting { get; init; }
}
