using Proxy.Connections;

namespace Proxy.Forwarding;

/// <summary>The services that all forwarding shares.</summary>
/// <param name="Relay">Relays the bytes.</param>
/// <param name="Random">Spreads the ends of connections that began together.</param>
/// <param name="Time">Measures dials.</param>
internal sealed record ForwardDependencies(Relay Relay, Random Random, TimeProvider Time);
