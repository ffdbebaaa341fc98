using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>
/// Picks in turn, destinations with more weight more often and evenly spread (smooth weighted round robin). Credits are parts of a turn and not weights, so
/// that they mean the same while the weights change.
/// </summary>
internal sealed class RoundRobinPolicy : ITcpLoadBalancingPolicy
{
    private const double Rounding = 1e-9;

    private readonly ConditionalWeakTable<DestinationState, StrongBox<double>> _credits = [];
    private readonly Lock _gate = new(); // guards the credits

    public string Name => "RoundRobin";

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates)
    {
        double total = candidates.Sum(static candidate => candidate.Weight);
        lock (_gate)
        {
            var best = default((DestinationCandidate Candidate, StrongBox<double> Credit)?);
            foreach (var candidate in candidates)
            {
                var credit = _credits.GetOrCreateValue(candidate.State);
                credit.Value += candidate.Weight / total;
                if (best is null || credit.Value > best.Value.Credit.Value + Rounding)
                {
                    best = (candidate, credit);
                }
            }

            best!.Value.Credit.Value--;
            return best.Value.Candidate;
        }
    }
}
