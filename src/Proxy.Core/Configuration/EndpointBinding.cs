using Proxy.Configuration.Reading;

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

    /// <summary>Whether a route behind it has a queue, so that connections have to be accepted in order.</summary>
    public bool InOrder { get; init; }
}
