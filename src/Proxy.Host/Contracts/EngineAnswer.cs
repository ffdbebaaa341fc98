using Proxy.Engine;

namespace Proxy.Host.Contracts;

/// <summary>The engine that hosts share.</summary>
/// <param name="Name">Its kind, such as <c>etcd</c>.</param>
/// <param name="Endpoint">The member that answered last; null before the first answer.</param>
/// <param name="ConnectedSince">Since when it answers; null while it does not.</param>
internal sealed record EngineAnswer(string Name, string? Endpoint, DateTimeOffset? ConnectedSince)
{
    /// <summary>The newest revision that an answer had; 0 before the first one.</summary>
    public long Revision { get; init; }

    /// <summary>By how many revisions what this host knows may be out of date.</summary>
    public long RevisionLag { get; init; }

    /// <summary>How long the lease of this host lasts without another renewal; null while it has none.</summary>
    public TimeSpan? LeaseLeft { get; init; }

    /// <summary>How often a connection was made again.</summary>
    public long Reconnects { get; init; }

    /// <summary>How long the last call took; null before the first answer.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>Why it does not answer, or what it refuses; null if nothing is wrong.</summary>
    public string? LastError { get; init; }

    /// <summary>That of a status.</summary>
    public static EngineAnswer Of(EngineStatus status) =>
        new(status.Name, status.Endpoint, status.ConnectedSince)
        {
            Revision = status.Revision,
            RevisionLag = status.RevisionLag,
            LeaseLeft = status.LeaseLeft,
            Reconnects = status.Reconnects,
            RoundTrip = status.RoundTrip,
            LastError = (status.Unreachable ?? status.Refused)?.LastError,
        };
}
