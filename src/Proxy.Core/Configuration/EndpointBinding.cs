using Proxy.Configuration.Reading;

namespace Proxy.Configuration;

/// <summary>One address to listen on, and the routes that share it.</summary>
/// <param name="EndpointId">The TcpEndpoint's id, or a route's Listen text.</param>
/// <param name="Address">The normalised address.</param>
/// <param name="Backlog">Connections the kernel may queue.</param>
/// <param name="MaxConnections">Connections at once; null means no limit.</param>
/// <param name="RouteIds">The routes in the order they are tried.</param>
public sealed record EndpointBinding(
    string EndpointId,
    ListenAddress Address,
    int Backlog,
    int? MaxConnections,
    IReadOnlyList<string> RouteIds
)
{
    /// <summary>What it is bound as: the normalised address, and for port 0 the endpoint's id besides. Equal ones are one listener.</summary>
    public string Slot => Address is { Port: 0, UnixPath: null } ? $"{Address.Text}#{EndpointId}" : Address.Text;

    /// <summary>Whether a route behind it keeps a queue, so that connections have to arrive there in order.</summary>
    public bool InOrder { get; init; }
}
