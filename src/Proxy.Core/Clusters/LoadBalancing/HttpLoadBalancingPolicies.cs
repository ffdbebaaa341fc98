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

/// <summary>Provides LeastConnections for HTTP clusters: YARP's LeastRequests under another name.</summary>
internal sealed class HttpLeastConnectionsPolicy : ILoadBalancingPolicy
{
    public string Name => "LeastConnections";

    public DestinationState? PickDestination(
        HttpContext context,
        ClusterState cluster,
        IReadOnlyList<DestinationState> availableDestinations
    ) => availableDestinations.MinBy(static destination => destination.ConcurrentRequestCount);
}
