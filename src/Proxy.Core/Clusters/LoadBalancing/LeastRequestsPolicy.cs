namespace Proxy.Clusters.LoadBalancing;

/// <summary>The least loaded, connections per weight.</summary>
/// <param name="name">LeastRequests, YARP's name, or LeastConnections, what it is.</param>
internal sealed class LeastRequestsPolicy(string name) : ITcpLoadBalancingPolicy
{
    public string Name => name;

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates) =>
        candidates.MinBy(static candidate => Cost(candidate));

    /// <summary>What the load would be with one more, per weight.</summary>
    internal static double Cost(DestinationCandidate candidate) => (candidate.Load.Active + 1.0) / candidate.Weight;
}
