using Proxy.Diagnostics;

namespace Proxy.Engine;

/// <summary>How the engine is reached, and how well.</summary>
/// <param name="Name">Its kind, such as <c>etcd</c>.</param>
/// <param name="Endpoint">The member that answered last; null before the first answer.</param>
/// <param name="ConnectedSince">Since when it answers; null while it does not.</param>
public sealed record EngineStatus(string Name, string? Endpoint, DateTimeOffset? ConnectedSince)
{
    /// <summary>The newest revision that an answer had; 0 before the first one.</summary>
    public long Revision { get; init; }

    /// <summary>By how many revisions what this host knows may be out of date.</summary>
    public long RevisionLag { get; init; }

    /// <summary>How long the lease of this host lasts without another renewal; null while it has none.</summary>
    public TimeSpan? LeaseLeft { get; init; }

    /// <summary>Since when this host has no lease, after one has ended or was not granted; null if it has one.</summary>
    public DateTimeOffset? LeaseLostSince { get; init; }

    /// <summary>How often a connection was made again.</summary>
    public long Reconnects { get; init; }

    /// <summary>How long the last call took; null before the first answer.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>That nothing answers; null if something does.</summary>
    public Failures? Unreachable { get; init; }

    /// <summary>That something is refused, as without a right; null if nothing is.</summary>
    public Failures? Refused { get; init; }
}
