namespace Proxy.Clusters.LoadBalancing;

/// <summary>Chooses among the destinations that are available.</summary>
public interface ITcpLoadBalancingPolicy
{
    /// <summary>The name used in configuration.</summary>
    string Name { get; }

    /// <summary>Chooses one.</summary>
    /// <param name="context">The client.</param>
    /// <param name="candidates">Never empty.</param>
    /// <returns>One of them.</returns>
    DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates);
}
