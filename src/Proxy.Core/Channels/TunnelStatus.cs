namespace Proxy.Channels;

/// <summary>An open tunnel, as shown to operators.</summary>
/// <param name="ConnectionId">The id of the connection, by which it can be closed.</param>
/// <param name="Channel">The name of the channel; null for a connection of a route.</param>
/// <param name="RouteId">The id of the route; null for a connection of a channel.</param>
/// <param name="Connector">The connector.</param>
/// <param name="Calls">Whether this instance opened it rather than the peer.</param>
/// <param name="Peer">The id of the instance at the other end; null until one is chosen.</param>
/// <param name="Client">The address of the client: of a local program, or the local address that stands for the peer.</param>
/// <param name="StartedAt">When the connection was accepted.</param>
/// <param name="ReceivedBytes">Bytes received from the client.</param>
/// <param name="SentBytes">Bytes sent to the client.</param>
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
