namespace Proxy.Host.Contracts;

/// <summary>An address that a TCP endpoint listens on.</summary>
/// <param name="Id">The endpoint's id, or the Listen value of a route without endpoints.</param>
/// <param name="Address">The configured address.</param>
/// <param name="Bound">The bound address with its actual port; null while it is not bound.</param>
/// <param name="Routes">The routes in the order in which they are tried.</param>
/// <param name="Connections">The number of open connections that were accepted on this address.</param>
internal sealed record EndpointAnswer(string Id, string Address, string? Bound, IReadOnlyList<string> Routes, int Connections);
