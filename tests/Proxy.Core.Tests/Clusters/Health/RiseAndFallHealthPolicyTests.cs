using System.Net;
using Proxy.Clusters.Health;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters.Health;

public sealed class RiseAndFallHealthPolicyTests
{
    private readonly RiseAndFallHealthPolicy _policy = new(new RecordingUpdater());

    [Theory]
    [InlineData("", "+-+--", "HHHHU")] // the defaults: rise 1, fall 2
    [InlineData("", "--+", "?UH")]
    [InlineData("Tcp:Rise=3", "--++-+++", "?UUUUUUH")]
    [InlineData("Tcp:Fall=3", "+--+---", "HHHHHHU")]
    [InlineData("Tcp:Fall=1", "-+-", "UHU")]
    [InlineData("Tcp:Rise=2 Tcp:Fall=1", "+-++", "HUUH")] // an unknown one is healthy at once
    [InlineData("ConsecutiveFailuresHealthPolicy.Threshold=3", "+---", "HHHU")]
    [InlineData("ConsecutiveFailuresHealthPolicy.Threshold=3 Tcp:Fall=1", "+-", "HU")]
    [InlineData("ConsecutiveFailuresHealthPolicy.Threshold=0", "+--", "HHU")]
    public void ProbingCompleted_Results_HealthByRows(string metadata, string results, string health)
    {
        var cluster = TestCluster.Create(
            new ClusterConfig
            {
                ClusterId = "cluster",
                Destinations = new Dictionary<string, DestinationConfig> { ["a"] = new() { Address = "tcp://a:1" } },
                Metadata = metadata
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(static pair => pair.Split('='))
                    .ToDictionary(static pair => pair[0], static pair => pair[1]),
            }
        );
        var destination = cluster.Destination("a");

        var seen = results.Select(result =>
        {
            using var response = new HttpResponseMessage(HttpStatusCode.OK);
            _policy.ProbingCompleted(
                cluster,
                [result == '+' ? new DestinationProbingResult(destination, response, null) : new(destination, null, new IOException())]
            );
            return destination.Health.Active switch
            {
                DestinationHealth.Healthy => 'H',
                DestinationHealth.Unhealthy => 'U',
                _ => '?',
            };
        });

        Assert.Equal(health, string.Concat(seen));
    }
}
