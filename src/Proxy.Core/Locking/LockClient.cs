namespace Proxy.Locking;

/// <summary>A client in front of a lock or behind it.</summary>
public sealed record LockClient
{
    /// <summary>The connection's id.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>The client's address.</summary>
    public required string? Client { get; init; }

    /// <summary>The place in the queue, from 1; 0 for one that holds a permit.</summary>
    public required int Position { get; init; }

    /// <summary>How long it has waited, or had to wait.</summary>
    public required TimeSpan Waited { get; init; }

    /// <summary>How long it has held a permit.</summary>
    public required TimeSpan Held { get; init; }

    /// <summary>What its permit is used for; null while it waits.</summary>
    public required LockPhase? Phase { get; init; }

    /// <summary>Where it is served.</summary>
    public required string? DestinationId { get; init; }
}
