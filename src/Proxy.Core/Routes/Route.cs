using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Routes;

/// <summary>A route as it runs: what it matches and what it does.</summary>
/// <param name="Id">The id.</param>
/// <param name="SourceNetworks">The clients it matches; empty for all.</param>
/// <param name="Pipeline">What happens to a connection it matches.</param>
internal sealed record Route(string Id, IReadOnlyList<IPNetwork> SourceNetworks, ConnectionDelegate Pipeline)
{
    /// <summary>Whether a client is one of its own.</summary>
    /// <param name="client">The client's address.</param>
    /// <returns>True when no network is named, or one contains the address.</returns>
    public bool Matches(EndPoint? client)
    {
        if (SourceNetworks.Count == 0)
        {
            return true;
        }

        return client is IPEndPoint { Address: var address } && SourceNetworks.Any(network => network.Contains(address));
    }
}
