namespace Proxy.Multiplexing;

/// <summary>A client of a multiplexer at a moment.</summary>
/// <param name="ConnectionId">The id of its connection.</param>
/// <param name="Client">Its address; null where the transport has none.</param>
/// <param name="RouteId">The route it came by.</param>
/// <param name="Queued">Its requests that wait to be sent.</param>
/// <param name="InFlight">Its requests that were sent and not answered.</param>
public sealed record MultiplexClientStatus(string ConnectionId, string? Client, string? RouteId, int Queued, int InFlight);
