using System.Net;

namespace Proxy.Channels.Membership;

/// <summary>Resolves a host name.</summary>
/// <param name="name">The host name.</param>
/// <returns>Its addresses.</returns>
internal delegate Task<IPAddress[]> NameLookup(string name);
