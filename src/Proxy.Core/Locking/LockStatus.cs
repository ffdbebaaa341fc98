namespace Proxy.Locking;

/// <summary>What can be seen of a lock at one moment.</summary>
public sealed record LockStatus
{
    /// <summary>The route.</summary>
    public required string RouteId { get; init; }

    /// <summary>How many clients may be served at once, now.</summary>
    public required int Permits { get; init; }

    /// <summary>How many may wait.</summary>
    public required int QueueLimit { get; init; }

    /// <summary>Whether an operator has paused admission.</summary>
    public required bool IsPaused { get; init; }

    /// <summary>Whether the route has been removed, or is no lock any more.</summary>
    public required bool IsClosed { get; init; }

    /// <summary>How long admission still rests after a failed hook or dial; zero when it does not.</summary>
    public required TimeSpan PausedAfterFailure { get; init; }

    /// <summary>Activations since the start of the program.</summary>
    public required long Activations { get; init; }

    /// <summary>The clients that have a permit, longest first.</summary>
    public required IReadOnlyList<LockClient> Holding { get; init; }

    /// <summary>The waiting clients, in their order.</summary>
    public required IReadOnlyList<LockClient> Waiting { get; init; }
}
