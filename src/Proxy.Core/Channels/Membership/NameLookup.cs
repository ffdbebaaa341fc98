using System.Net;

namespace Proxy.Channels.Membership;

/// <summary>Asks for the addresses of a name.</summary>
/// <param name="name">The name.</param>
/// <returns>Its addresses.</returns>
internal delegate Task<IPAddress[]> NameLookup(string name);
