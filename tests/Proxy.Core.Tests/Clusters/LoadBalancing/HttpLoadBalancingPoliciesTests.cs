using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Clusters.LoadBalancing;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class HttpLoadBalancingPoliciesTests
{
    private readonly HttpLeastRequestsPolicy _policy = new("LeastRequests");

    [Fact]
    public void PickDestination_OneAfterTheOther_EachInTurn()
    {
        var (one, other) = (TestCluster.Create(null, "a", "b", "c"), TestCluster.Create(null, "x", "y"));

        var picks = Enumerable.Range(0, 6).Select(_ => (Pick(one), Pick(other))).ToList();

        Assert.Equal([2, 2, 2], picks.CountBy(static pick => pick.Item1).Select(static pair => pair.Value));
        Assert.Equal([3, 3], picks.CountBy(static pick => pick.Item2).Select(static pair => pair.Value));
    }

    [Fact]
    public void PickDestination_OneBusy_TheOthers()
    {
        var cluster = TestCluster.Create(null, "a", "b", "c");
        cluster.Destination("b").ConcurrentRequestCount = 1;

        Assert.DoesNotContain("b", Enumerable.Range(0, 6).Select(_ => Pick(cluster)));
    }

    [Fact]
    public void PickDestination_NoneAvailable_Null() => Assert.Empty(Pick(TestCluster.Create(policy: null)));

    [Fact]
    public void AddTcpProxy_LeastRequestsOfYarp_IsReplaced()
    {
        using var services = new ServiceCollection()
            .AddLogging()
            .AddTcpProxy()
            .LoadFromConfig(new ConfigurationBuilder().Build())
            .Services.BuildServiceProvider();

        Assert.IsType<HttpLeastRequestsPolicy>(
            Assert.Single(services.GetServices<ILoadBalancingPolicy>(), static policy => policy.Name == "LeastRequests")
        );
    }

    private string Pick(ClusterState cluster) =>
        _policy.PickDestination(new DefaultHttpContext(), cluster, cluster.DestinationsState.AvailableDestinations)?.DestinationId ?? "";
}
