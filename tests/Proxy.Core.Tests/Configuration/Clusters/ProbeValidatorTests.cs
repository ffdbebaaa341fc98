namespace Proxy.Core.Tests.Configuration.Clusters;

public sealed class ProbeValidatorTests : IDisposable
{
    private const string Checked = "\"HealthCheck\": { \"Active\": { \"Enabled\": true } }";
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("\"Probe\": { \"Send\": \"hex:0\" }", "Probe:Send", "is not bytes")]
    [InlineData("\"Probe\": { \"Expect\": \"\" }", "Probe:Expect", "is empty; write a text")]
    [InlineData("\"Probe\": {}", "Probe", "says nothing")]
    [InlineData("\"Probe\": { \"MinimumBytes\": 16385 }", "Probe:MinimumBytes", "is out of range; 0 to 16384 is allowed")]
    [InlineData("\"Probe\": { \"Expected\": \"OK\" }", "Probe:Expected", "did you mean 'Expect'?")]
    [InlineData("\"Rise\": 0", "Rise", "is out of range")]
    public void Check_Wrong_ErrorThatSaysWhatIsRight(string tcp, string key, string error)
    {
        var problem = Assert.Single(_document.Read(Json(tcp, Checked)).Errors);

        Assert.Equal($"ReverseProxy:Clusters:c:Tcp:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_ProbeOfHttpDestinations_Error()
    {
        var json = $$"""
            { "ReverseProxy": {
                "Routes": { "r": { "Match": { "Path": "/" }, "ClusterId": "c" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "http://127.0.0.1:1" } }, "Tcp": { "Probe": { "Send": "x" } }, {{Checked}} } } } }
            """;

        var problem = Assert.Single(_document.Read(json).Errors);

        Assert.Equal("ReverseProxy:Clusters:c:Tcp:Probe", problem.Path);
        Assert.Contains("use HealthCheck:Active:Path", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Probe\": { \"Send\": \"PING\" }", "Probe", "is for active checks, which are off")]
    [InlineData("\"Rise\": 2", "Rise", "is for active checks, which are off")]
    [InlineData("\"Fall\": 3", "Fall", "is for active checks, which are off")]
    [InlineData("\"CloseOnUnhealthy\": true", "CloseOnUnhealthy", "no destination is ever unhealthy")]
    [InlineData("\"SlowStart\": \"00:01:00\"", "SlowStart", "no destination is ever unhealthy")]
    public void Check_WithoutChecks_Warning(string tcp, string key, string warning)
    {
        var result = _document.Read(Json(tcp, "\"Metadata\": {}"));

        Assert.Empty(result.Errors);
        var problem = Assert.Single(result.Warnings);
        Assert.Equal($"ReverseProxy:Clusters:c:Tcp:{key}", problem.Path);
        Assert.Contains(warning, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_Everything_NoProblemAndYarpKnows()
    {
        var result = _document.Read(
            Json(
                "\"Probe\": { \"Send\": \"PING\\r\\n\", \"Expect\": \"+PONG\" }, \"Rise\": 3, \"Fall\": 4, \"CloseOnUnhealthy\": true, \"SlowStart\": \"00:01:00\"",
                Checked + ", \"LoadBalancingPolicy\": \"ConsistentHash\", \"HashKey\": \"ServerName\""
            )
        );

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        var metadata = Assert.Single(result.Revision!.Clusters).Metadata!;
        Assert.Equal(
            ("PING\r\n", "+PONG", "0", "3", "4", "True"),
            (
                metadata["Tcp:Probe:Send"],
                metadata["Tcp:Probe:Expect"],
                metadata["Tcp:Probe:MinimumBytes"],
                metadata["Tcp:Rise"],
                metadata["Tcp:Fall"],
                metadata["Tcp:CloseOnUnhealthy"]
            )
        );
    }

    public void Dispose() => _document.Dispose();

    private static string Json(string tcp, string cluster) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:9000", "ClusterId": "c" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } }, "Tcp": { {{tcp}} }, {{cluster}} } } } }
            """;
}
