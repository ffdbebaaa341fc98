using System.Net;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>The client for which a destination is picked.</summary>
/// <param name="ClientAddress">The client's address; null on unix sockets.</param>
/// <param name="ClusterId">The cluster.</param>
public readonly record struct PickContext(IPAddress? ClientAddress, string ClusterId);
