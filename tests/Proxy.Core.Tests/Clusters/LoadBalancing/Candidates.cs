using Proxy.Clusters.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

/// <summary>Candidates for a policy, and how often it picks each.</summary>
internal static class Candidates
{
    public static DestinationCandidate Create(string id, int weight = 1, int load = 0)
    {
        var candidate = new DestinationCandidate(new DestinationState(id), new DestinationLoad(), weight);
        for (var i = 0; i < load; i++)
        {
            candidate.Load.TryAcquire(null);
        }

        return candidate;
    }

    public static string Pick(this ITcpLoadBalancingPolicy policy, params DestinationCandidate[] candidates) =>
        policy.Pick(new PickContext(null, "cluster"), candidates).State.DestinationId;

    public static Dictionary<string, int> Count(this ITcpLoadBalancingPolicy policy, int picks, params DestinationCandidate[] candidates) =>
        Enumerable.Range(0, picks).Select(_ => policy.Pick(candidates)).CountBy(static id => id).ToDictionary();
}
