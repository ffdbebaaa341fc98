namespace Proxy.Host.Contracts;

/// <summary>An address that is listened on.</summary>
/// <param name="Id">The endpoint's id, or a route's Listen text.</param>
/// <param name="Address">As configured.</param>
/// <param name="Bound">As bound, with the real port; null while it is not.</param>
/// <param name="Routes">The routes in the order they are tried.</param>
/// <param name="Connections">Connections that were accepted there and are open.</param>
internal sealed record EndpointAnswer(string Id, string Address, string? Bound, IReadOnlyList<string> Routes, int Connections);
