namespace Proxy.Multiplexing;

/// <summary>One upstream connection at a moment.</summary>
/// <param name="State">What it is doing.</param>
/// <param name="InFlight">Requests that were sent on it and not answered.</param>
/// <param name="Age">Since it was connected, to a tenth of a second; zero before.</param>
/// <param name="Exchanges">The requests in flight.</param>
public sealed record UpstreamStatus(UpstreamState State, int InFlight, TimeSpan Age, IReadOnlyList<MultiplexExchangeStatus> Exchanges);
