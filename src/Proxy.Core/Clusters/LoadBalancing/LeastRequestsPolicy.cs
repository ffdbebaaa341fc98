namespace Proxy.Clusters.LoadBalancing;

/// <summary>Picks the destination with the fewest connections per weight.</summary>
/// <param name="name">LeastRequests, as in YARP, or LeastConnections.</param>
internal sealed class LeastRequestsPolicy(string name) : ITcpLoadBalancingPolicy
{
    public string Name => name;

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates) =>
        candidates.MinBy(static candidate => Cost(candidate));

    /// <summary>The load per weight if one more connection is added.</summary>
    internal static double Cost(DestinationCandidate candidate) => (candidate.Load.Active + 1.0) / candidate.Weight;
}
