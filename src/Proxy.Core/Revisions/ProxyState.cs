using System.Net;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Revisions;

/// <summary>What runs at one moment, and what of the configuration does not. It never changes: another one takes its place.</summary>
public sealed record ProxyState
{
    /// <summary>The revision that runs; null before the start.</summary>
    public Revision? Running { get; init; }

    /// <summary>Since when the revision runs; null before the start.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>The bound addresses with their real ports, by <see cref="EndpointBinding.Slot"/>.</summary>
    public IReadOnlyDictionary<string, EndPoint> Bound { get; init; } = new Dictionary<string, EndPoint>();

    /// <summary>Why the newest edit was rejected; empty when it was not.</summary>
    public IReadOnlyList<ConfigProblem> Rejected { get; init; } = [];

    /// <summary>Why the newest valid revision waits; null when none does. It waits on while a newer text is rejected.</summary>
    public string? Pending { get; init; }

    /// <summary>Sections that were edited and apply only at start.</summary>
    public IReadOnlyList<string> RestartNeeded { get; init; } = [];

    /// <summary>When the host began to stop; null while it does not.</summary>
    public DateTimeOffset? DrainingSince { get; init; }

    /// <summary>Whether the host is stopping.</summary>
    public bool Draining => DrainingSince is not null;

    /// <summary>Whether the configuration is applied, listeners are bound and nothing drains.</summary>
    public bool Ready => Running is not null && !Draining;
}
