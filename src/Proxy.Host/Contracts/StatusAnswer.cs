using Proxy.Connections;
using Proxy.Revisions;

namespace Proxy.Host.Contracts;

/// <summary>An overview of the host.</summary>
/// <param name="Version">The version of the build.</param>
/// <param name="StartedAt">When the program started.</param>
/// <param name="Uptime">The time since then.</param>
/// <param name="Ready">Whether a configuration is applied, its listeners are bound and the host is not stopping.</param>
/// <param name="Draining">Whether the host is stopping and waits for open connections.</param>
/// <param name="Revision">The running configuration; null before the first one is applied.</param>
/// <param name="Rejected">Why the newest edit was rejected; empty when it was accepted.</param>
/// <param name="Pending">Why the newest valid revision is not applied yet; null when none waits.</param>
/// <param name="RestartNeeded">Sections that were edited and take effect only after a restart.</param>
/// <param name="Connections">The TCP connections of all routes together.</param>
/// <param name="AccessLog">The access log.</param>
/// <param name="Process">The process.</param>
internal sealed record StatusAnswer(
    string Version,
    DateTimeOffset StartedAt,
    TimeSpan Uptime,
    bool Ready,
    bool Draining,
    RevisionAnswer? Revision,
    IReadOnlyList<Problem> Rejected,
    string? Pending,
    IReadOnlyList<string> RestartNeeded,
    TrafficAnswer Connections,
    AccessLogAnswer AccessLog,
    ProcessAnswer Process
)
{
    /// <summary>Whether changes through the API are allowed (<c>Admin:AllowChanges</c>).</summary>
    public bool AllowChanges { get; init; }

    /// <summary>
    /// The configuration files that were replaced where their bind mounts come from, so that no edit of them arrives.
    /// </summary>
    public IReadOnlyList<string> ReplacedFiles { get; init; } = [];

    /// <summary>The documents that hosts share: which revision of each runs here, and whether the newest is rejected.</summary>
    public IReadOnlyList<SharedDocument> Documents { get; init; } = [];

    /// <summary>Since when no client is accepted for lack of descriptors; null if clients are accepted.</summary>
    public DateTimeOffset? AcceptingPausedSince { get; init; }

    /// <summary>The engine that hosts share; null without one.</summary>
    public EngineAnswer? Engine { get; init; }
}

/// <summary>The running configuration.</summary>
/// <param name="Id">Twelve hexadecimal digits that identify its content.</param>
/// <param name="AppliedAt">When it was applied.</param>
internal sealed record RevisionAnswer(string Id, DateTimeOffset? AppliedAt);

/// <summary>Connections and bytes since the start.</summary>
/// <param name="Open">The number of open connections.</param>
/// <param name="Ended">The number of ended connections by outcome.</param>
/// <param name="BytesIn">Bytes received from clients.</param>
/// <param name="BytesOut">Bytes sent to clients.</param>
internal sealed record TrafficAnswer(int Open, IReadOnlyDictionary<string, long> Ended, long BytesIn, long BytesOut);

/// <summary>The access log.</summary>
/// <param name="Dropped">Lines lost because the output was too slow or failed.</param>
internal sealed record AccessLogAnswer(long Dropped);

/// <summary>The process.</summary>
/// <param name="Id">The process id.</param>
/// <param name="CpuSeconds">The CPU time used on all cores together, in seconds.</param>
/// <param name="WorkingSetBytes">The physical memory in use, in bytes.</param>
/// <param name="Gc">The managed heap.</param>
/// <param name="ThreadPool">The thread pool.</param>
/// <param name="Loops">The event loops that serve connections; empty with the portable transport, which has none.</param>
internal sealed record ProcessAnswer(
    int Id,
    double CpuSeconds,
    long WorkingSetBytes,
    GcAnswer Gc,
    ThreadPoolAnswer ThreadPool,
    IReadOnlyList<EventLoopStatus> Loops
);

/// <summary>The managed heap.</summary>
/// <param name="HeapBytes">Allocated memory, in bytes.</param>
/// <param name="Collections">The number of collections by generation.</param>
/// <param name="PauseSeconds">The sum of all pauses caused by collections, in seconds.</param>
internal sealed record GcAnswer(long HeapBytes, IReadOnlyList<int> Collections, double PauseSeconds);

/// <summary>The thread pool.</summary>
/// <param name="Threads">The number of threads.</param>
/// <param name="Queued">The number of work items that wait for a thread.</param>
internal sealed record ThreadPoolAnswer(int Threads, long Queued);
