namespace Proxy.Channels;

/// <summary>An open tunnel as an operator sees it.</summary>
/// <param name="ConnectionId">The id of the connection, by which it can be closed.</param>
/// <param name="Channel">The channel; null for a route's connection.</param>
/// <param name="RouteId">The route; null for a channel's connection.</param>
/// <param name="Connector">The connector.</param>
/// <param name="Calls">Whether it was opened here, rather than by the peer.</param>
/// <param name="Peer">The instance at the other end; null until one is chosen.</param>
/// <param name="Client">The address of the client: a local program, or the address that stands for the peer.</param>
/// <param name="StartedAt">Since when.</param>
/// <param name="ReceivedBytes">Bytes from the client.</param>
/// <param name="SentBytes">Bytes to the client.</param>
public sealed record TunnelStatus(
    string ConnectionId,
    string? Channel,
    string? RouteId,
    string Connector,
    bool Calls,
    string? Peer,
    string? Client,
    DateTimeOffset StartedAt,
    long ReceivedBytes,
    long SentBytes
);
