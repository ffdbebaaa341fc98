namespace Proxy.Core.Tests.Configuration.Routes;

public sealed class RouteLimitsValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("\"MaxConnections\": 0", "MaxConnections", "0 is out of range")]
    [InlineData("\"ConnectionsPerSecond\": -1", "ConnectionsPerSecond", "-1 is out of range")]
    [InlineData("\"BytesPerSecondPerConnection\": \"1 MB\"", "BytesPerSecondPerConnection", "is not a whole number")]
    [InlineData("\"SourcePrefixV6\": 129", "SourcePrefixV6", "129 is out of range; 1 to 128 is allowed")]
    [InlineData("\"MaxConnectionPerSource\": 1", "MaxConnectionPerSource", "did you mean 'MaxConnectionsPerSource'?")]
    public void Check_WrongValue_ErrorThatSaysWhatIsRight(string limits, string key, string error)
    {
        var problem = Assert.Single(_document.Read(Json(limits)).Errors);

        Assert.Equal($"ReverseProxy:TcpRoutes:r:Limits:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_BandwidthOfRequests_Error()
    {
        var result = _document.Read(
            Json("\"BytesPerSecondPerConnection\": 1", "\"Mode\": \"Multiplex\"", "\"Multiplex\": { \"Protocol\": \"line\" }")
        );

        var problem = Assert.Single(result.Errors);
        Assert.Equal("ReverseProxy:TcpRoutes:r:Limits:BytesPerSecondPerConnection", problem.Path);
        Assert.Contains("Multiplex passes requests", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"MaxConnections\": 1, \"MaxConnectionsPerSource\": 2", "MaxConnectionsPerSource")]
    [InlineData("\"ConnectionsPerSecond\": 1, \"ConnectionsPerSecondPerSource\": 2", "ConnectionsPerSecondPerSource")]
    public void Check_LimitThatIsNeverReached_Warning(string limits, string key)
    {
        var result = _document.Read(Json(limits));

        Assert.Empty(result.Errors);
        var problem = Assert.Single(result.Warnings);
        Assert.Equal($"ReverseProxy:TcpRoutes:r:Limits:{key}", problem.Path);
        Assert.Contains("2 is never reached", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_EveryKey_ReadAndKept()
    {
        var result = _document.Read(
            Json(
                """
                "MaxConnections": 1000, "MaxConnectionsPerSource": 20, "ConnectionsPerSecond": 500, "ConnectionsPerSecondPerSource": 10,
                "BytesPerSecondPerConnection": 1000000, "AllowNetworks": ["10.0.0.0/8"], "DenyNetworks": ["10.6.6.0/24"],
                "SourcePrefixV6": 56, "DryRun": true
                """
            )
        );

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        var limits = Assert.Single(result.Revision!.Limits);
        Assert.Equal(
            ("r", 1_000_000, 56, true),
            (limits.Key, limits.Value.Values.BytesPerSecondPerConnection, limits.Value.Values.SourcePrefixV6, limits.Value.Values.DryRun)
        );
        Assert.True(limits.Value.CountSources);
        Assert.False(limits.Value.Networks.AreEmpty);
    }

    [Fact]
    public void Check_None_NoLimit()
    {
        var limits = Assert.Single(
            _document.Read(Json("\"MaxConnections\": \"None\", \"BytesPerSecondPerConnection\": \"None\"")).Revision!.Limits
        );

        Assert.Equal((null, null), (limits.Value.Values.MaxConnections, limits.Value.Values.BytesPerSecondPerConnection));
    }

    public void Dispose() => _document.Dispose();

    private static string Json(string limits, string route = "\"Mode\": \"Forward\"", string cluster = "\"Metadata\": {}") =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:9000", "ClusterId": "c", {{route}}, "Limits": { {{limits}} } } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } }, {{cluster}} } } } }
            """;
}
