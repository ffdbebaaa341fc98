namespace Proxy.Core.Tests.Configuration.Clusters;

public sealed class ClusterValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("http://127.0.0.1:1", "V1", true)]
    [InlineData("http://127.0.0.1:1", "None", false)]
    [InlineData("tcp://127.0.0.1:1", "V2", false)]
    public void Check_ProxyProtocolToHttpDestinations_Error(string address, string version, bool isWrong)
    {
        var errors = _document
            .Read(
                $$"""
                { "ReverseProxy": { "Clusters": { "c": {
                    "Tcp": { "SendProxyProtocol": "{{version}}" }, "Destinations": { "d": { "Address": "{{address}}" } } } } } }
                """
            )
            .Errors;

        Assert.Equal(isWrong ? ["ReverseProxy:Clusters:c:Tcp:SendProxyProtocol"] : [], errors.Select(static error => error.Path));
    }

    [Theory]
    [InlineData("srv://_db._tcp.example.com", null)]
    [InlineData("SRV://_db._tcp.example.com.", null)]
    [InlineData("srv://_db._tcp.example.com:5432", "has a port, which DNS names for each server; write 'srv://_db._tcp.example.com'.")]
    [InlineData("srv://", "is no service; write one such as")]
    [InlineData("srv://a..b", "is no service; write one such as")]
    [InlineData("srv://a b", "is no service; write one such as")]
    public void Check_Service_NameWithoutPort(string address, string? error)
    {
        using var document = new ConfigDocument();
        var result = document.Read(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:9000", "ClusterId": "c" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "{{address}}" } } } } } }
            """
        );

        Assert.Equal(error is null ? [] : ["ReverseProxy:Clusters:c:Destinations:d:Address"], result.Errors.Select(static one => one.Path));
        Assert.Contains(error ?? "", error is null ? "" : result.Errors[0].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Tls\": { \"ServerName\": \"a.example\" }", "Tls", "HTTP routes use this cluster")]
    [InlineData("\"SendProxyProtocol\": \"V2\"", "SendProxyProtocol", "HTTP routes")]
    [InlineData("\"Probe\": { \"Send\": \"x\" }", "Probe", "use HealthCheck:Active:Path")]
    public void Check_ConnectorOfHttpRoutesWithWhatIsForTcp_Error(string tcp, string key, string error)
    {
        var problem = Assert.Single(
            _document.Read(OfConnector("\"Routes\": { \"r\": { \"Match\": { \"Path\": \"/\" }, \"ClusterId\": \"c\" } }", tcp)).Errors
        );

        Assert.Equal($"ReverseProxy:Clusters:c:Tcp:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Tls\": { \"ServerName\": \"a.example\" }")]
    [InlineData("\"SendProxyProtocol\": \"V2\"")]
    [InlineData("\"Probe\": { \"Send\": \"x\" }")]
    public void Check_ConnectorOfTcpRoutesWithWhatIsForTcp_NoError(string tcp) =>
        Assert.Empty(
            _document.Read(OfConnector("\"TcpRoutes\": { \"r\": { \"Listen\": \"127.0.0.1:0\", \"ClusterId\": \"c\" } }", tcp)).Errors
        );

    public void Dispose() => _document.Dispose();

    private static string OfConnector(string routes, string tcp) =>
        $$"""
            {
              "Channels": { "Group": "test", "Instance": { "Id": "A_1" }, "Tunnel": { "Url": "http://127.0.0.1:15008" },
                "Items": { "db": { "Type": "Request", "Connector": "db", "Port": 5000 } } },
              "ReverseProxy": { {{routes}}, "Clusters": { "c": { "Connector": "db", "Tcp": { {{tcp}} }, "HealthCheck": { "Active": { "Enabled": true } } } } }
            }
            """;
}
