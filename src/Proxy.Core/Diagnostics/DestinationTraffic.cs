namespace Proxy.Diagnostics;

/// <summary>What a destination was sent since the start, or since it was configured.</summary>
/// <param name="Dials">How often it was dialed for clients; of HTTP, the requests that were sent to it.</param>
/// <param name="FailedDials">Those of them that did not reach it.</param>
/// <param name="BytesIn">Bytes from clients, or of bodies of requests.</param>
/// <param name="BytesOut">Bytes to clients, or of bodies of responses.</param>
public sealed record DestinationTraffic(long Dials, long FailedDials, long BytesIn, long BytesOut);
