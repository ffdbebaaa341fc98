using Microsoft.Extensions.Configuration;
using Proxy.Host.Cli.Checking;

namespace Proxy.Host.Tests.Cli.Checking;

public sealed class MergedDocumentTests
{
    [Fact]
    public void Of_ObjectsListsAndValues_ReturnsThem()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["A:B"] = "1",
                    ["A:C:0"] = "x",
                    ["A:C:1:D"] = "true",
                    ["E"] = null,
                }
            )
            .Build();

        Assert.Equal("""{"A":{"B":"1","C":["x",{"D":"true"}]},"E":null}""", MergedDocument.Of(configuration).ToJsonString());
    }

    [Theory]
    [InlineData("ReverseProxy:TcpRoutes:0:ClusterId", """{"ReverseProxy":{"TcpRoutes":{"0":{"ClusterId":"x"}}}}""")]
    [InlineData("ReverseProxy:Routes:0:ClusterId", """{"ReverseProxy":{"Routes":{"0":{"ClusterId":"x"}}}}""")]
    [InlineData("ReverseProxy:Routes:r:Transforms:0:0", """{"ReverseProxy":{"Routes":{"r":{"Transforms":[{"0":"x"}]}}}}""")]
    [InlineData(
        "reverseproxy:clusters:0:destinations:0:address",
        """{"reverseproxy":{"clusters":{"0":{"destinations":{"0":{"address":"x"}}}}}}"""
    )]
    [InlineData("ReverseProxy:TcpEndpoints:0:Address:0", """{"ReverseProxy":{"TcpEndpoints":{"0":{"Address":["x"]}}}}""")]
    [InlineData("Channels:Items:0:Type", """{"Channels":{"Items":{"0":{"Type":"x"}}}}""")]
    [InlineData("Logging:LogLevel:0", """{"Logging":{"LogLevel":{"0":"x"}}}""")]
    [InlineData("Kestrel:EndpointDefaults:SslProtocols:0", """{"Kestrel":{"EndpointDefaults":{"SslProtocols":["x"]}}}""")]
    [InlineData("Others:00", """{"Others":{"00":"x"}}""")]
    public void Of_NumericKeys_AreAListOnlyIfTheRecordHasAList(string path, string expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(path, "x")]).Build();

        Assert.Equal(expected, MergedDocument.Of(configuration).ToJsonString());
    }

    [Fact]
    public void Of_EmptyConfiguration_ReturnsAnEmptyObject() =>
        Assert.Equal("{}", MergedDocument.Of(new ConfigurationBuilder().Build()).ToJsonString());
}
