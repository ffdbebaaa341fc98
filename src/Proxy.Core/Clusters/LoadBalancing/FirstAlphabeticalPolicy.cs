namespace Proxy.Clusters.LoadBalancing;

/// <summary>Always the first by id: the others are stand-ins.</summary>
internal sealed class FirstAlphabeticalPolicy : ITcpLoadBalancingPolicy
{
    public string Name => "FirstAlphabetical";

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates) =>
        candidates.MinBy(static candidate => candidate.State.DestinationId, StringComparer.OrdinalIgnoreCase);
}
