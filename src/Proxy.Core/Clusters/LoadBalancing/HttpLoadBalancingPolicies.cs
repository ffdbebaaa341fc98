using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>Provides SourceIpHash for HTTP clusters, so that YARP accepts the name.</summary>
internal sealed class HttpSourceIpHashPolicy : ILoadBalancingPolicy
{
    public string Name => SourceIpHashPolicy.PolicyName;

    public DestinationState? PickDestination(
        HttpContext context,
        ClusterState cluster,
        IReadOnlyList<DestinationState> availableDestinations
    ) =>
        availableDestinations.MaxBy(destination =>
            SourceIpHashPolicy.Score(context.Connection.RemoteIpAddress, destination.DestinationId, 1)
        );
}

/// <summary>Provides ConsistentHash for HTTP clusters, by the address of the client.</summary>
internal sealed class HttpConsistentHashPolicy(ConsistentHashPolicy inner) : ILoadBalancingPolicy
{
    public string Name => ConsistentHashPolicy.PolicyName;

    public DestinationState? PickDestination(
        HttpContext context,
        ClusterState cluster,
        IReadOnlyList<DestinationState> availableDestinations
    ) =>
        inner
            .Table(new(cluster.DestinationsState.AllDestinations, null))
            .Find(ConsistentHashPolicy.KeyOf(context.Connection.RemoteIpAddress, null), availableDestinations.Contains);
}

/// <summary>
/// Provides LeastRequests and LeastConnections for HTTP clusters. YARP's own LeastRequests, which it replaces, sends requests that come one after
/// the other all to the first destination.
/// </summary>
internal sealed class HttpLeastRequestsPolicy(string name) : ILoadBalancingPolicy
{
    private readonly ConditionalWeakTable<ClusterState, StrongBox<int>> _turns = [];

    public string Name => name;

    public DestinationState? PickDestination(
        HttpContext context,
        ClusterState cluster,
        IReadOnlyList<DestinationState> availableDestinations
    )
    {
        // The first of the least loaded after a start that moves on.
        var count = availableDestinations.Count;
        var start = count == 0 ? 0 : (int)((uint)Interlocked.Increment(ref _turns.GetOrCreateValue(cluster).Value) % (uint)count);
        var (best, least) = ((DestinationState?)null, int.MaxValue);
        for (var i = 0; i < count; i++)
        {
            var one = availableDestinations[(start + i) % count];
            if (one.ConcurrentRequestCount is var requests && requests < least)
            {
                (best, least) = (one, requests);
            }
        }

        return best;
    }
}
