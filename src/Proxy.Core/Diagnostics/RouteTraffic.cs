namespace Proxy.Diagnostics;

/// <summary>The traffic of a route since the start.</summary>
/// <param name="RouteId">The id of the route; empty for connections without a route.</param>
/// <param name="Open">The number of open connections.</param>
/// <param name="Ended">The number of ended connections, by outcome; outcomes that have not occurred are left out.</param>
/// <param name="ReceivedBytes">Bytes from clients to upstreams.</param>
/// <param name="SentBytes">Bytes from upstreams to clients.</param>
public sealed record RouteTraffic(
    string RouteId,
    int Open,
    IReadOnlyDictionary<ConnectionOutcome, long> Ended,
    long ReceivedBytes,
    long SentBytes
);
