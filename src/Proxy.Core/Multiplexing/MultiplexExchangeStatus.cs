namespace Proxy.Multiplexing;

/// <summary>A request that was sent and not answered, at one moment.</summary>
/// <param name="ConnectionId">The id of the connection of the client that made the request.</param>
/// <param name="Age">The time since it was sent.</param>
/// <param name="Unit">The Modbus unit that it is for; null if the protocol has no units.</param>
/// <param name="Sharing">The number of further clients that wait for the same reply.</param>
public sealed record MultiplexExchangeStatus(string ConnectionId, TimeSpan Age, int? Unit, int Sharing);
