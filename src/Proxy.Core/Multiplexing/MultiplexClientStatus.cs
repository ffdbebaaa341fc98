namespace Proxy.Multiplexing;

/// <summary>A client of a multiplexed destination, at one moment.</summary>
/// <param name="ConnectionId">The id of its connection.</param>
/// <param name="Client">The address of the client; null if the transport has none.</param>
/// <param name="RouteId">The route that accepted it.</param>
/// <param name="Queued">The number of its requests that wait to be sent.</param>
/// <param name="InFlight">The number of its requests that were sent and not answered.</param>
public sealed record MultiplexClientStatus(string ConnectionId, string? Client, string? RouteId, int Queued, int InFlight);
