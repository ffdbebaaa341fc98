namespace Proxy.Clusters.LoadBalancing;

/// <summary>Picks the first by id; the others are used only if it is not available.</summary>
internal sealed class FirstAlphabeticalPolicy : ITcpLoadBalancingPolicy
{
    public string Name => "FirstAlphabetical";

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates) =>
        candidates.MinBy(static candidate => candidate.State.DestinationId, StringComparer.OrdinalIgnoreCase);
}
