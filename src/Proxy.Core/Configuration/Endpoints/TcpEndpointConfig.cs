using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Endpoints;

/// <summary>A named address, or several, to listen on.</summary>
[WrittenElsewhere("Listen", "an endpoint has it as Address.")]
[WrittenElsewhere("Url", "an endpoint has an Address, such as *:5432.")]
[WrittenElsewhere("Port", "the port is part of Address, such as *:5432.")]
public sealed record TcpEndpointConfig
{
    /// <summary>One address or a list: ip:port, [v6]:port, *:port, localhost:port, ip:first-last or unix:/path.</summary>
    [OneOrList]
    public required IReadOnlyList<string> Address { get; init; }

    /// <summary>The number of connections that the kernel may queue before they are accepted.</summary>
    [Range(1, int.MaxValue)]
    public int Backlog { get; init; } = 4096;

    /// <summary>The number of connections at the same time; absent means no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? MaxConnections { get; init; }

    /// <summary>
    /// The networks whose peers are accepted, such as 10.0.0.0/8; absent means all. Judged before anything is read, so by the address of a load balancer if
    /// one is in front.
    /// </summary>
    public IReadOnlyList<string>? AllowNetworks { get; init; }

    /// <summary>The networks whose peers are refused, even if AllowNetworks contains them.</summary>
    public IReadOnlyList<string> DenyNetworks { get; init; } = [];

    /// <summary>The total time for the first bytes of a client, if a route needs them to be chosen.</summary>
    public TimeSpan PeekTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The number of TLS handshakes at the same time; further clients wait, and addresses take turns.</summary>
    [Range(1, int.MaxValue)]
    public int MaxConcurrentHandshakes { get; init; } = 1000;

    /// <summary>PROXY protocol headers from load balancers in front.</summary>
    public ProxyProtocolConfig ProxyProtocol { get; init; } = new();
}
