using System.Net;
using Proxy.Configuration.Networks;

namespace Proxy.Configuration.Endpoints;

/// <summary>The networks of an endpoint.</summary>
/// <param name="Peers">Which peers are accepted.</param>
/// <param name="Trusted">The networks whose PROXY protocol headers are believed.</param>
internal sealed record EndpointNetworks(NetworkRules Peers, IReadOnlyList<IPNetwork> Trusted)
{
    /// <summary>Those of an address that is no TcpEndpoint.</summary>
    public static EndpointNetworks None { get; } = new(NetworkRules.None, []);
}
