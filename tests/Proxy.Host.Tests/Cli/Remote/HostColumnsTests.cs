using Proxy.Host.Cli.Remote;
using Proxy.Revisions;
using Yarp.ReverseProxy.Model;

namespace Proxy.Host.Tests.Cli.Remote;

/// <summary>Tests of the columns of lists.</summary>
public sealed class HostColumnsTests
{
    [Theory]
    [InlineData("Off", "Off", "Off")]
    [InlineData("Active", "Healthy", "Off")]
    [InlineData("Passive", "Off", "Unknown")]
    [InlineData("ActiveAndPassive", "Healthy", "Unknown")]
    public void Destinations_ChecksThatAreOff_SayOff(string checks, string active, string passive)
    {
        var destination = new DestinationStatus(
            "a",
            "tcp://10.0.0.1:1",
            new(DestinationHealth.Healthy, DestinationHealth.Unknown, true),
            false,
            0
        )
        {
            Checks = checks,
        };
        var row = (new ClusterStatus("c", "Random", [destination]), destination);

        string Shown(string header) => HostColumns.Destinations.Single(column => column.Header == header).Cell(row).Text;

        Assert.Equal((active, passive), (Shown("ACTIVE CHECK"), Shown("PASSIVE CHECK")));
    }
}
