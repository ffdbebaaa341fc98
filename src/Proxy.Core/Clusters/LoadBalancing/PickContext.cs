using System.Net;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>The client for which a destination is picked.</summary>
/// <param name="ClientAddress">The client's address; null on unix sockets.</param>
/// <param name="ClusterId">The cluster.</param>
public readonly record struct PickContext(IPAddress? ClientAddress, string ClusterId)
{
    /// <summary>The name of the server that the client asked for by TLS; null if none is known.</summary>
    public string? ServerName { get; init; }

    /// <summary>What ConsistentHash chooses by, if it is not the client's address.</summary>
    internal string? HashKey { get; init; }

    /// <summary>All destinations of the cluster, with their weights, whether they are available or not; null if they are not known.</summary>
    internal DestinationWeights? All { get; init; }
}
