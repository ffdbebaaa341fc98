using System.Net;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Revisions;

/// <summary>
/// The state of the proxy at one moment: the running revision, and what of the configuration is not applied. Immutable; changes replace it.
/// </summary>
public sealed record ProxyState
{
    /// <summary>The running revision; null before the start.</summary>
    public Revision? Running { get; init; }

    /// <summary>When the revision was applied; null before the start.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>The bound addresses with actual ports, by <see cref="EndpointBinding.Slot"/>.</summary>
    public IReadOnlyDictionary<string, EndPoint> Bound { get; init; } = new Dictionary<string, EndPoint>();

    /// <summary>Since when an edit is being read; null if none is.</summary>
    public DateTimeOffset? ReadingSince { get; init; }

    /// <summary>Why the newest edit was rejected; empty if it was not.</summary>
    public IReadOnlyList<ConfigProblem> Rejected { get; init; } = [];

    /// <summary>When the newest edit was rejected; null if it was not.</summary>
    public DateTimeOffset? RejectedAt { get; init; }

    /// <summary>Since when a valid revision has been waiting; null if none does.</summary>
    public DateTimeOffset? PendingSince { get; init; }

    /// <summary>The address that it waits for, or the key that names it; null if none does.</summary>
    public string? PendingKey { get; init; }

    /// <summary>Since when sections have differed from what they were at the start; null if none does.</summary>
    public DateTimeOffset? RestartNeededSince { get; init; }

    /// <summary>Since when configuration files have been seen to be replaced; null if none is.</summary>
    public DateTimeOffset? ReplacedSince { get; init; }

    /// <summary>Why the newest valid revision waits; null if none does. It goes on waiting while a newer edit is rejected.</summary>
    public string? Pending { get; init; }

    /// <summary>The sections that were edited and apply only at start.</summary>
    public IReadOnlyList<string> RestartNeeded { get; init; } = [];

    /// <summary>
    /// The configuration files that were replaced where their bind mounts come from: no edit of them arrives until the container is started
    /// again.
    /// </summary>
    public IReadOnlyList<string> ReplacedFiles { get; init; } = [];

    /// <summary>The versions with which the running configuration was read of documents that hosts share, by their names.</summary>
    internal IReadOnlyDictionary<string, long> Versions { get; init; } = new Dictionary<string, long>();

    /// <summary>When the host began to stop; null if it has not.</summary>
    public DateTimeOffset? DrainingSince { get; init; }

    /// <summary>Whether the host is stopping.</summary>
    public bool Draining => DrainingSince is not null;

    /// <summary>Whether the configuration is applied, listeners are bound and the host is not stopping.</summary>
    public bool Ready => Running is not null && !Draining;
}
