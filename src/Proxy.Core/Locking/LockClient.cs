namespace Proxy.Locking;

/// <summary>A client that waits for a permit or holds one.</summary>
public sealed record LockClient
{
    /// <summary>The connection's id.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>The client's address.</summary>
    public required string? Client { get; init; }

    /// <summary>The place in the queue, from 1; 0 for a client that holds a permit.</summary>
    public required int Position { get; init; }

    /// <summary>The place in the queue over all hosts, from 1, with Scope Global; 0 for a client that holds a permit, null if it is not known.</summary>
    public int? SharedPosition { get; init; }

    /// <summary>The fencing token, which with Scope Global and one permit grows from holder to holder; null for none.</summary>
    public long? FencingToken { get; init; }

    /// <summary>How long it has waited so far, or waited until it got its permit.</summary>
    public required TimeSpan Waited { get; init; }

    /// <summary>How long it has held its permit.</summary>
    public required TimeSpan Held { get; init; }

    /// <summary>What its permit is used for; null while it waits.</summary>
    public required LockPhase? Phase { get; init; }

    /// <summary>The id of the destination that serves it; null if none is picked.</summary>
    public required string? DestinationId { get; init; }
}
