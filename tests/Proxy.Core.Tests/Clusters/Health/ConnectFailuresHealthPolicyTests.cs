using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Clusters.Health;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters.Health;

public sealed class ConnectFailuresHealthPolicyTests
{
    private readonly RecordingUpdater _updater = new();
    private readonly ConnectFailuresHealthPolicy _policy;

    public ConnectFailuresHealthPolicyTests()
    {
        _policy = new(_updater);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("connectfailures")]
    public void DialFailed_OursOrNoneNamed_UnhealthyForAMinute(string? name)
    {
        var cluster = Cluster(new() { Enabled = true, Policy = name });

        _policy.DialFailed(cluster, cluster.Destination("a"));

        Assert.Equal([("a", DestinationHealth.Unhealthy, TimeSpan.FromSeconds(60))], _updater.Updates);
    }

    [Fact]
    public void DialFailed_ReactivationPeriodSet_Used()
    {
        var cluster = Cluster(new() { Enabled = true, ReactivationPeriod = TimeSpan.FromSeconds(7) });

        _policy.DialFailed(cluster, cluster.Destination("a"));

        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(_updater.Updates).Period);
    }

    [Fact]
    public void DialFailed_AnotherPolicyNamedOrDisabled_Nothing()
    {
        foreach (
            var passive in (PassiveHealthCheckConfig?[])
                [new() { Enabled = true, Policy = "TransportFailureRate" }, new() { Enabled = false }, new(), null]
        )
        {
            var cluster = Cluster(passive);
            _policy.DialFailed(cluster, cluster.Destination("a"));
        }

        Assert.Empty(_updater.Updates);
    }

    [Fact]
    public void DialFailed_Threshold_InARowAndPerDestination()
    {
        var cluster = Cluster(new() { Enabled = true }, threshold: "3");
        var (a, b) = (cluster.Destination("a"), cluster.Destination("b"));

        _policy.DialFailed(cluster, a);
        _policy.DialFailed(cluster, a);
        _policy.DialFailed(cluster, b);
        _policy.DialSucceeded(a);
        _policy.DialFailed(cluster, a);
        _policy.DialFailed(cluster, a);
        Assert.Empty(_updater.Updates);
        _policy.DialFailed(cluster, a);

        Assert.Equal("a", Assert.Single(_updater.Updates).Id);
    }

    [Theory]
    [InlineData(ForwarderError.Request, 1)]
    [InlineData(ForwarderError.RequestTimedOut, 1)]
    [InlineData(ForwarderError.RequestCanceled, 0)]
    [InlineData(ForwarderError.ResponseBodyDestination, 0)]
    [InlineData(null, 0)]
    public void RequestProxied_Error_CountsOnlyWhatNeverReachedIt(ForwarderError? error, int expected)
    {
        var cluster = Cluster(new() { Enabled = true });
        var context = new DefaultHttpContext();
        context.Features.Set<IForwarderErrorFeature>(error is { } value ? new Error(value) : null);

        _policy.RequestProxied(context, cluster, cluster.Destination("a"));

        Assert.Equal(expected, _updater.Updates.Count);
    }

    [Fact]
    public async Task DialFailed_YarpsUpdater_UnavailableUntilReactivated()
    {
        var time = new ManualTime();
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(time);
        services.AddTcpProxy();
        await using var provider = services.BuildServiceProvider();
        var cluster = Cluster(new() { Enabled = true, ReactivationPeriod = TimeSpan.FromSeconds(10) });

        provider.GetRequiredService<ConnectFailuresHealthPolicy>().DialFailed(cluster, cluster.Destination("a"));
        await Eventually.TrueAsync(() => cluster.DestinationsState.AvailableDestinations.Count == 1);
        Assert.Equal("b", cluster.DestinationsState.AvailableDestinations[0].DestinationId);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Single(cluster.DestinationsState.AvailableDestinations);
        time.Advance(TimeSpan.FromSeconds(2));

        await Eventually.TrueAsync(() => cluster.DestinationsState.AvailableDestinations.Count == 2);
    }

    private static ClusterState Cluster(PassiveHealthCheckConfig? passive, string? threshold = null) =>
        TestCluster.Create(
            new ClusterConfig
            {
                ClusterId = "cluster",
                HealthCheck = new() { Passive = passive },
                Metadata = threshold is null
                    ? null
                    : new Dictionary<string, string> { ["ConnectFailuresHealthPolicy.Threshold"] = threshold },
                Destinations = new Dictionary<string, DestinationConfig>
                {
                    ["a"] = new() { Address = "tcp://a.test:1" },
                    ["b"] = new() { Address = "tcp://b.test:1" },
                },
            }
        );

    private sealed class Error(ForwarderError error) : IForwarderErrorFeature
    {
        ForwarderError IForwarderErrorFeature.Error => error;

        public Exception? Exception => null;
    }
}
