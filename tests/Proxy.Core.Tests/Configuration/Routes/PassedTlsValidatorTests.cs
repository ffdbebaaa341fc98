namespace Proxy.Core.Tests.Configuration.Routes;

public sealed class PassedTlsValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("\"ServerNames\": [\"a.example.com\"]")]
    [InlineData("\"AlpnProtocols\": [\"imap\"]")]
    [InlineData("\"Protocols\": [\"Tls\"]")]
    [InlineData("\"Protocols\": [\"Postgres\"], \"ServerNames\": [\"a.example.com\"]")]
    public void Check_TlsOfClientsIsPassedToAClusterWithTls_Warning(string match)
    {
        var result = _document.Read(Json(match));

        Assert.Empty(result.Errors);
        var problem = Assert.Single(result.Warnings);
        Assert.Equal("ReverseProxy:TcpRoutes:r:Match", problem.Path);
        Assert.Contains("encrypted twice", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Protocols\": [\"Postgres\"]")]
    [InlineData("\"Protocols\": [\"Ssh\"]")]
    [InlineData("\"SourceNetworks\": [\"10.0.0.0/8\"]")]
    public void Check_ClientsInClear_NoWarning(string match)
    {
        var result = _document.Read(Json(match));

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    public void Dispose() => _document.Dispose();

    private static string Json(string match) =>
        $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "e": { "Address": "127.0.0.1:9" } },
                "TcpRoutes": { "r": { "Match": { "Endpoints": ["e"], {{match}} }, "ClusterId": "c" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://db.example.com:1" } }, "Tcp": { "Tls": {} } } } } }
            """;
}
