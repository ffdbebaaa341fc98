namespace Proxy.Locking;

/// <summary>What this host knows of a lock with <c>Scope: Global</c> over all hosts.</summary>
public sealed record SharedLockStatus
{
    /// <summary>How clients of this host are admitted now.</summary>
    public required SharedLockState State { get; init; }

    /// <summary>Since when <see cref="State"/> is not <see cref="SharedLockState.Shared"/>; null if it is.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Why, as a sentence; null if clients are admitted in turn.</summary>
    public string? Reason { get; init; }

    /// <summary>The clients of all hosts that hold a permit, or may take one now.</summary>
    public required int Holding { get; init; }

    /// <summary>The clients of all hosts that wait.</summary>
    public required int Waiting { get; init; }

    /// <summary>The holders of other hosts, first come first, at most 100 of them; empty where that is not asked for.</summary>
    public IReadOnlyList<RemoteHolder> Holders { get; init; } = [];
}

/// <summary>How a host admits clients to a lock that hosts share.</summary>
public enum SharedLockState
{
    /// <summary>In turn over all hosts.</summary>
    Shared,

    /// <summary>Not at all, since the engine cannot be reached or refuses; clients that hold a permit may go on until the lease of this host ends.</summary>
    Unreachable,

    /// <summary>By its own queue with permits of its own, since the engine cannot be reached and <c>WhenEngineLost</c> is <c>Local</c>.</summary>
    Local,
}

/// <summary>A client of another host that holds a permit.</summary>
/// <param name="Instance">The id of the host in its group.</param>
/// <param name="ConnectionId">The id of the connection there.</param>
/// <param name="Client">The client's address.</param>
/// <param name="FencingToken">Its fencing token; null if it has none, since its host had admitted it by itself.</param>
public sealed record RemoteHolder(string Instance, string ConnectionId, string? Client, long? FencingToken);
