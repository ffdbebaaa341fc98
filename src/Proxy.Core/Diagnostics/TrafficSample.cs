using System.Collections.Frozen;

namespace Proxy.Diagnostics;

/// <summary>The totals since the start, at one moment.</summary>
/// <param name="At">The moment.</param>
/// <param name="Open">The TCP connections that are open.</param>
/// <param name="Ended">The TCP connections that have ended.</param>
/// <param name="Failed">Those of them that the proxy or an upstream failed.</param>
/// <param name="OpenRequests">The HTTP requests under way.</param>
/// <param name="Requests">The HTTP requests that have ended.</param>
/// <param name="FailedRequests">Those of them that failed their clients; a status from 500 on counts, whoever answered it.</param>
/// <param name="BytesIn">Bytes from clients, bodies of requests included.</param>
/// <param name="BytesOut">Bytes to clients, bodies of responses included.</param>
public readonly record struct TrafficSample(
    DateTimeOffset At,
    int Open,
    long Ended,
    long Failed,
    int OpenRequests,
    long Requests,
    long FailedRequests,
    long BytesIn,
    long BytesOut
)
{
    /// <summary>The TCP connections that have ended, by outcome; outcomes that have not occurred are left out.</summary>
    public IReadOnlyDictionary<string, long> Outcomes { get; init; } = FrozenDictionary<string, long>.Empty;
}
