namespace Proxy.Core.Tests.Configuration.Endpoints;

public sealed class EndpointValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("Optional")]
    [InlineData("Required")]
    public void Check_HeadersFromEverywhere_Error(string accept)
    {
        var problem = Assert.Single(_document.Read(Json($"\"Accept\": \"{accept}\"")).Errors);

        Assert.Equal("ReverseProxy:TcpEndpoints:e:ProxyProtocol:TrustedNetworks", problem.Path);
        Assert.Contains($"is required with Accept {accept}", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.1/8", "has bits set beyond its prefix")]
    [InlineData("10.0.0.0/33", "is no network")]
    [InlineData("balancer", "is no network")]
    public void Check_WrongNetwork_ErrorAtItsPlace(string network, string error)
    {
        var problem = Assert.Single(
            _document.Read(Json($"\"Accept\": \"Required\", \"TrustedNetworks\": [\"fd00::/8\", \"{network}\"]")).Errors
        );

        Assert.Equal("ReverseProxy:TcpEndpoints:e:ProxyProtocol:TrustedNetworks:1", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"Accept\": \"Off\"")]
    [InlineData("\"Accept\": \"Required\", \"TrustedNetworks\": [\"10.0.0.0/8\", \"::1\"], \"Timeout\": \"00:00:01\"")]
    public void Check_Right_NoError(string section)
    {
        Assert.Empty(_document.Read(Json(section)).Errors);
    }

    public void Dispose() => _document.Dispose();

    private static string Json(string section) =>
        $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "e": { "Address": "127.0.0.1:9001", "ProxyProtocol": { {{section}} } } },
                "TcpRoutes": { "r": { "ClusterId": "c", "Match": { "Endpoints": ["e"] } } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """;
}
