using Proxy.Clusters.LoadBalancing;

namespace Extending;

/// <summary>Fills the first destination by id before it uses the next.</summary>
internal sealed class FillFirstPolicy : ITcpLoadBalancingPolicy
{
    private const int Full = 2;

    public string Name => "FillFirst";

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates)
    {
        var sorted = candidates.OrderBy(static candidate => candidate.State.DestinationId, StringComparer.OrdinalIgnoreCase).ToList();
        var free = sorted.FindIndex(static candidate => candidate.Load.Active < Full * candidate.Weight);
        return sorted[free < 0 ? ^1 : free];
    }
}
