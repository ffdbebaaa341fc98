using Proxy.Connections;

namespace Proxy.Host.Contracts;

/// <summary>The host at a glance.</summary>
/// <param name="Version">The build.</param>
/// <param name="StartedAt">When the program started.</param>
/// <param name="Uptime">How long that is ago.</param>
/// <param name="Ready">Whether the configuration is applied, listeners are bound and nothing drains.</param>
/// <param name="Draining">Whether the host is stopping.</param>
/// <param name="Revision">What runs; null before the start.</param>
/// <param name="Rejected">Why the newest edit was rejected; empty when it was not.</param>
/// <param name="Pending">Why the newest valid revision waits; null when none does.</param>
/// <param name="RestartNeeded">Sections that were edited and apply only at start.</param>
/// <param name="Connections">TCP connections of all routes together.</param>
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
    /// <summary>Whether the API may change things.</summary>
    public bool AllowChanges { get; init; }
}

/// <summary>The configuration that runs.</summary>
/// <param name="Id">Twelve hexadecimal digits that say which content it is.</param>
/// <param name="AppliedAt">Since when it runs.</param>
internal sealed record RevisionAnswer(string Id, DateTimeOffset? AppliedAt);

/// <summary>Connections and bytes since the start.</summary>
/// <param name="Open">Connections that are open.</param>
/// <param name="Ended">Connections that have ended, by outcome.</param>
/// <param name="BytesIn">Bytes from clients.</param>
/// <param name="BytesOut">Bytes to clients.</param>
internal sealed record TrafficAnswer(int Open, IReadOnlyDictionary<string, long> Ended, long BytesIn, long BytesOut);

/// <summary>The access log.</summary>
/// <param name="Dropped">Lines lost because the output was too slow or failed.</param>
internal sealed record AccessLogAnswer(long Dropped);

/// <summary>The process.</summary>
/// <param name="Id">Its number.</param>
/// <param name="CpuSeconds">The time it has had on all cores together.</param>
/// <param name="WorkingSetBytes">The memory it occupies.</param>
/// <param name="Gc">The managed heap.</param>
/// <param name="ThreadPool">The thread pool.</param>
/// <param name="Loops">The event loops that carry connections; none where .NET's sockets do.</param>
internal sealed record ProcessAnswer(
    int Id,
    double CpuSeconds,
    long WorkingSetBytes,
    GcAnswer Gc,
    ThreadPoolAnswer ThreadPool,
    IReadOnlyList<EventLoopStatus> Loops
);

/// <summary>The managed heap.</summary>
/// <param name="HeapBytes">What is allocated.</param>
/// <param name="Collections">Collections so far, by generation.</param>
/// <param name="PauseSeconds">How long they have paused the program, all together.</param>
internal sealed record GcAnswer(long HeapBytes, IReadOnlyList<int> Collections, double PauseSeconds);

/// <summary>The thread pool.</summary>
/// <param name="Threads">Its threads.</param>
/// <param name="Queued">Work that waits for one.</param>
internal sealed record ThreadPoolAnswer(int Threads, long Queued);
