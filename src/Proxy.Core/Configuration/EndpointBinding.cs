namespace Proxy.Configuration;

/// <summary>One address to bind, and the routes that share it.</summary>
/// <param name="EndpointId">The endpoint's id; the text of <c>Listen</c> for a route's own address.</param>
/// <param name="Address">The address.</param>
/// <param name="Backlog">Connections the kernel holds.</param>
/// <param name="MaxConnections">The most at once; null for no limit.</param>
/// <param name="RouteIds">In the order in which they are tried.</param>
public sealed record EndpointBinding(
    string EndpointId,
    ListenAddress Address,
    int Backlog,
    int? MaxConnections,
    IReadOnlyList<string> RouteIds
);
