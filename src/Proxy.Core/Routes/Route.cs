using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Routes;

/// <summary>A route with its conditions and its pipeline.</summary>
/// <param name="Id">The id of the route.</param>
/// <param name="SourceNetworks">The networks of the clients that it matches; empty for all.</param>
/// <param name="Pipeline">The pipeline of the connections that it matches.</param>
internal sealed record Route(string Id, IReadOnlyList<IPNetwork> SourceNetworks, ConnectionDelegate Pipeline)
{
    /// <summary>Whether the route matches a client.</summary>
    /// <param name="client">The address of the client.</param>
    /// <returns>True if there is no condition, or one of the networks contains the address.</returns>
    public bool Matches(EndPoint? client)
    {
        if (SourceNetworks.Count == 0)
        {
            return true;
        }

        return client is IPEndPoint { Address: var address } && SourceNetworks.Any(network => network.Contains(address));
    }
}
