namespace Proxy.Clusters.LoadBalancing;

/// <summary>Picks at random, in proportion to the weights.</summary>
internal sealed class RandomPolicy(Random random) : ITcpLoadBalancingPolicy
{
    public string Name => "Random";

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates) => Draw(random, candidates);

    internal static DestinationCandidate Draw(Random random, IReadOnlyList<DestinationCandidate> candidates)
    {
        var left = random.Next(candidates.Sum(static candidate => candidate.Weight));
        foreach (var candidate in candidates)
        {
            left -= candidate.Weight;
            if (left < 0)
            {
                return candidate;
            }
        }

        return candidates[^1];
    }
}
