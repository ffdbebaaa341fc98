using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Routes;

/// <summary>A route as it runs: what it matches and what it does.</summary>
/// <param name="Id">The id.</param>
/// <param name="SourceNetworks">The networks of the clients it matches; empty for all clients.</param>
/// <param name="Pipeline">What happens to a connection it matches.</param>
internal sealed record Route(string Id, IReadOnlyList<IPNetwork> SourceNetworks, ConnectionDelegate Pipeline);
