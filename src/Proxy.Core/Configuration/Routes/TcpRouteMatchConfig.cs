using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>The conditions for connections of a route.</summary>
[NotAvailableYet("ServerNames", "AlpnProtocols", "Protocols")]
public sealed record TcpRouteMatchConfig
{
    /// <summary>The ids of the TcpEndpoints.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>The networks that a client must come from, such as 10.0.0.0/8; empty means any.</summary>
    public IReadOnlyList<string> SourceNetworks { get; init; } = [];
}
