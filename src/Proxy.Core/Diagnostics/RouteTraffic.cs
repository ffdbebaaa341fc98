namespace Proxy.Diagnostics;

/// <summary>What went through a route since the start.</summary>
/// <param name="RouteId">The route; empty for connections that no route took.</param>
/// <param name="Open">Connections that are open.</param>
/// <param name="Ended">Connections that have ended, by outcome; outcomes that never happened are left out.</param>
/// <param name="ReceivedBytes">Bytes from clients to upstreams.</param>
/// <param name="SentBytes">Bytes from upstreams to clients.</param>
public sealed record RouteTraffic(
    string RouteId,
    int Open,
    IReadOnlyDictionary<ConnectionOutcome, long> Ended,
    long ReceivedBytes,
    long SentBytes
);
