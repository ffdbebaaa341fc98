namespace Proxy.Clusters.LoadBalancing;

/// <summary>Picks the destination with the fewest connections per weight; equally loaded ones in turn, by their weights.</summary>
/// <param name="name">LeastRequests, as in YARP, or LeastConnections.</param>
internal sealed class LeastRequestsPolicy(string name) : ITcpLoadBalancingPolicy
{
    private readonly RoundRobinPolicy _turns = new();

    public string Name => name;

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates)
    {
        var least = candidates[0];
        var leastCost = Cost(least);
        List<DestinationCandidate>? equal = null;
        for (var i = 1; i < candidates.Count; i++)
        {
            var cost = Cost(candidates[i]);
            if (cost < leastCost)
            {
                (least, leastCost, equal) = (candidates[i], cost, null);
            }
            else if (cost == leastCost)
            {
                (equal ??= [least]).Add(candidates[i]);
            }
        }

        // Clients that come one after the other find all destinations idle; the first must not get all of them.
        return equal is null ? least : _turns.Pick(context, equal);
    }

    /// <summary>The load per weight if one more connection is added; 0 for an idle destination, whatever its weight.</summary>
    internal static double Cost(DestinationCandidate candidate) =>
        candidate.Load.Active is var active and > 0 ? (active + 1.0) / candidate.Weight : 0;
}
