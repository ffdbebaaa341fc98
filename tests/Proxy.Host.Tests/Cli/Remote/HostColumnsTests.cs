using Proxy.Host.Cli.Output;
using Proxy.Host.Cli.Remote;
using Proxy.Host.Contracts;
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

    [Theory]
    [InlineData(null, "", false)]
    [InlineData(false, "verified", false)]
    [InlineData(true, "not verified", true)]
    public void Destinations_Tls_SaysWhetherItIsVerified(bool? allowInvalid, string text, bool isWarning)
    {
        var destination = new DestinationStatus("a", "tcp://10.0.0.1:1", new(default, default, true), false, 0);
        var cluster = new ClusterStatus("c", "Random", [destination])
        {
            Tls = allowInvalid is { } allow ? new ClusterTlsStatus(allow) : null,
        };

        var cell = HostColumns.Destinations.Single(static column => column.Header == "TLS").Cell((cluster, destination));

        Assert.Equal((text, isWarning ? Tone.Warning : Tone.Plain), (cell.Text, cell.Tone));
    }

    [Fact]
    public void Routes_Certificates_TheFirstThatEnds()
    {
        var until = new DateTimeOffset(2027, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var late = new CertificateStatus("a.pem", "CN=a", [], "CN=ca", until, until.AddDays(1), until, null, null);
        var route = new RouteAnswer("r", "Forward", [], "c")
        {
            Tls = new([late, late with { NotAfter = until, Problem = "half written" }], default),
        };

        var cell = HostColumns.Routes.Single(static column => column.Header == "CERTIFICATES UNTIL").Cell(route);

        Assert.Equal(("2027-01-02 03:04:05Z", Tone.Warning), (cell.Text, cell.Tone));
    }
}
