using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>Picks in turn, destinations with more weight more often and evenly spread (smooth weighted round robin).</summary>
internal sealed class RoundRobinPolicy : ITcpLoadBalancingPolicy
{
    private readonly ConditionalWeakTable<DestinationState, StrongBox<int>> _credits = [];
    private readonly Lock _gate = new(); // guards the credits

    public string Name => "RoundRobin";

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates)
    {
        lock (_gate)
        {
            var total = 0;
            var best = default((DestinationCandidate Candidate, StrongBox<int> Credit)?);
            foreach (var candidate in candidates)
            {
                var credit = _credits.GetOrCreateValue(candidate.State);
                credit.Value += candidate.Weight;
                total += candidate.Weight;
                if (best is null || credit.Value > best.Value.Credit.Value)
                {
                    best = (candidate, credit);
                }
            }

            best!.Value.Credit.Value -= total;
            return best.Value.Candidate;
        }
    }
}
