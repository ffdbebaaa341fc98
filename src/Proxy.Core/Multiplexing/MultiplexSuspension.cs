namespace Proxy.Multiplexing;

/// <summary>What fails at once behind a multiplexed destination, since it was not answered.</summary>
/// <param name="Name">The unit or the request, by the name that the protocol gives it.</param>
/// <param name="Unit">The unit; null if a single request is suspended.</param>
/// <param name="Since">Since when.</param>
/// <param name="Probes">How many requests, probes included, it has left unanswered in a row.</param>
public sealed record MultiplexSuspension(string Name, int? Unit, DateTimeOffset Since, int Probes);
