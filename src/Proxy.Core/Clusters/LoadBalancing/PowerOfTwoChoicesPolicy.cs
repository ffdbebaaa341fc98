namespace Proxy.Clusters.LoadBalancing;

/// <summary>
/// Picks the less loaded of two random destinations, and one by weight if both are equally loaded. Nearly as even as the least loaded of all, without many clients choosing the same one
/// at a time.
/// </summary>
internal sealed class PowerOfTwoChoicesPolicy(Random random) : ITcpLoadBalancingPolicy
{
    public string Name => DestinationPicker.DefaultPolicy;

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates)
    {
        var first = random.Next(candidates.Count);
        var second = (first + 1 + random.Next(Math.Max(1, candidates.Count - 1))) % candidates.Count;
        var (one, other) = (candidates[first], candidates[second]);
        var difference = LeastRequestsPolicy.Cost(one) - LeastRequestsPolicy.Cost(other);
        return difference < 0 ? one
            : difference > 0 ? other
            : RandomPolicy.Draw(random, [one, other]);
    }
}
