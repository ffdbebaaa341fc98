namespace Proxy.Clusters.LoadBalancing;

/// <summary>Chooses among the available destinations of a cluster.</summary>
public interface ITcpLoadBalancingPolicy
{
    /// <summary>The name used in configuration.</summary>
    string Name { get; }

    /// <summary>Chooses a destination.</summary>
    /// <param name="context">The client.</param>
    /// <param name="candidates">The available destinations; never empty. The list is valid during the call only.</param>
    /// <returns>One of the candidates.</returns>
    DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates);
}
