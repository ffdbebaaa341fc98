namespace Proxy.Multiplexing;

/// <summary>A request that was sent and not answered, at a moment.</summary>
/// <param name="ConnectionId">The id of the connection of the client that asked first.</param>
/// <param name="Age">Since it was sent.</param>
/// <param name="Unit">The unit it is for, as Modbus has them; null where the protocol has none.</param>
/// <param name="Sharing">Clients besides the first that wait for the same reply.</param>
public sealed record MultiplexExchangeStatus(string ConnectionId, TimeSpan Age, int? Unit, int Sharing);
