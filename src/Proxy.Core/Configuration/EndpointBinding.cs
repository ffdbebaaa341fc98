using Proxy.Configuration.Endpoints;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Configuration;

/// <summary>An address to listen on, with the routes that share it.</summary>
/// <param name="EndpointId">The id of the TcpEndpoint, or the Listen text of a route.</param>
/// <param name="Address">The normalized address.</param>
/// <param name="Backlog">The number of connections that the kernel may queue.</param>
/// <param name="MaxConnections">The number of connections at the same time; null for no limit.</param>
/// <param name="RouteIds">The ids of the routes, in the order in which they are tried.</param>
public sealed record EndpointBinding(
    string EndpointId,
    ListenAddress Address,
    int Backlog,
    int? MaxConnections,
    IReadOnlyList<string> RouteIds
)
{
    /// <summary>
    /// Identifies the listener: the normalized address, for port 0 with the endpoint's id. Bindings with equal slots are one listener.
    /// </summary>
    public string Slot => Address is { Port: 0, UnixPath: null } ? $"{Address.Text}#{EndpointId}" : Address.Text;

    /// <summary>The routes in the order in which they are tried, once for each of their names.</summary>
    internal IReadOnlyList<RouteEntry> Entries { get; init; } = [];

    /// <summary>How PROXY protocol headers are accepted.</summary>
    internal ProxyProtocolConfig ProxyProtocol { get; init; } = new();

    /// <summary>Which peers are accepted, and whose headers are believed.</summary>
    internal EndpointNetworks Networks { get; init; } = EndpointNetworks.None;

    /// <summary>The total time for the first bytes of a client.</summary>
    internal TimeSpan PeekTimeout { get; init; } = new TcpEndpointConfig { Address = [] }.PeekTimeout;

    /// <summary>The number of TLS handshakes at the same time.</summary>
    internal int MaxConcurrentHandshakes { get; init; } = new TcpEndpointConfig { Address = [] }.MaxConcurrentHandshakes;

    /// <summary>Whether a route behind it has a queue, so that connections have to be accepted in order.</summary>
    public bool InOrder { get; init; }
}
