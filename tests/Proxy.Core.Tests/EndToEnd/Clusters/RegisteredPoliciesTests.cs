using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Clusters.LoadBalancing;
using Proxy.Core.Tests.Clusters;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.EndToEnd.Clusters;

public sealed class RegisteredPoliciesTests : IDisposable
{
    private readonly ServiceProvider _services = CreateServices();

    [Fact]
    public void AddTcpProxy_TcpPolicies_YarpsFiveNamesAndOurThree() =>
        Assert.Equal(
            [
                "ConsistentHash",
                "FirstAlphabetical",
                "LeastConnections",
                "LeastRequests",
                "PowerOfTwoChoices",
                "Random",
                "RoundRobin",
                "SourceIpHash",
            ],
            _services.GetServices<ITcpLoadBalancingPolicy>().Select(static policy => policy.Name).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void AddTcpProxy_HttpPolicies_KnowOurNamesToo()
    {
        var names = _services.GetServices<ILoadBalancingPolicy>().Select(static policy => policy.Name).ToList();

        Assert.Contains("SourceIpHash", names);
        Assert.Contains("LeastConnections", names);
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void PickDestination_SourceIpHash_ChoosesAsTcpDoes()
    {
        var http = _services.GetServices<ILoadBalancingPolicy>().Single(static policy => policy.Name == "SourceIpHash");
        var cluster = TestCluster.Create("SourceIpHash", "a", "b", "c");
        var picks = new HashSet<string>();
        for (byte i = 0; i < 50; i++)
        {
            var client = new IPAddress([10, 0, 0, i]);
            var context = new DefaultHttpContext();
            context.Connection.RemoteIpAddress = client;

            var picked = http.PickDestination(context, cluster, cluster.DestinationsState.AllDestinations)!;

            Assert.Equal(picked.DestinationId, PickTcp(client, cluster));
            picks.Add(picked.DestinationId);
        }

        Assert.Equal(3, picks.Count);
    }

    public void Dispose() => _services.Dispose();

    private static string PickTcp(IPAddress client, ClusterState cluster) =>
        new SourceIpHashPolicy()
            .Pick(
                new(client, "cluster"),
                [
                    .. cluster.DestinationsState.AllDestinations.Select(
                        static state => new Proxy.Clusters.LoadBalancing.DestinationCandidate(state, new(), 1)
                    ),
                ]
            )
            .State.DestinationId;

    private static ServiceProvider CreateServices()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddTcpProxy();
        return services.BuildServiceProvider();
    }
}
