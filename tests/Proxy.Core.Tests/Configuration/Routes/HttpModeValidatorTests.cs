namespace Proxy.Core.Tests.Configuration.Routes;

public sealed class HttpModeValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("\"ClusterId\": \"c\"", "ClusterId", "each request goes to the cluster of the HTTP route that takes it")]
    [InlineData("\"Connector\": \"x\"", "Connector", "name it as the Connector of a cluster that HTTP routes use")]
    [InlineData("\"Lock\": {}", "Lock", "is for routes with Mode Lock; this one has Mode Http")]
    [InlineData("\"Multiplex\": {}", "Multiplex", "is for routes with Mode Multiplex; this one has Mode Http")]
    public void Check_KeyOfAnotherMode_ErrorThatSaysWhy(string more, string key, string error)
    {
        var problem = Assert.Single(_document.Read(Json($"\"Listen\": \"127.0.0.1:0\", {more}")).Errors);

        Assert.Equal($"ReverseProxy:TcpRoutes:web:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Protocols\": [\"Http\", \"Ssh\"]", "Protocols", "'Ssh' is not for Mode Http")]
    [InlineData("\"ServerNames\": [\"a.example.com\"]", "ServerNames", "let an HTTP route match names by its Hosts")]
    [InlineData("\"AlpnProtocols\": [\"h2\"]", "AlpnProtocols", "is for TLS")]
    public void Check_MatchOfOtherBytes_Error(string match, string key, string error)
    {
        var problem = Assert.Single(_document.Read(Json($$""" "Match": { "Endpoints": ["e"], {{match}} } """)).Errors);

        Assert.Equal($"ReverseProxy:TcpRoutes:web:Match:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Protocols\": [\"Tls\", \"Http\"]", "", "Match:Protocols", "'Http' is not for Mode Http with Tls")]
    [InlineData("\"Protocols\": [\"Postgres\"]", "", "Match:Protocols", "'Postgres' is not for Mode Http with Tls")]
    [InlineData("", "\"AlpnProtocols\": [\"imap\"]", "Tls:AlpnProtocols", "write 'h2', 'http/1.1' or both")]
    [InlineData("\"AlpnProtocols\": [\"imap\"]", "", "Match:AlpnProtocols", "Mode Http agrees on h2 and http/1.1")]
    public void Check_TlsThatHttpIsNotSpokenIn_Error(string match, string tls, string key, string error)
    {
        var problem = Assert.Single(_document.Read(Json(Terminating(match, tls))).Errors);

        Assert.Equal($"ReverseProxy:TcpRoutes:web:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Protocols\": [\"tls\"], \"AlpnProtocols\": [\"h2\"], \"ServerNames\": [\"a.example.com\"]", "")]
    [InlineData("", "\"AlpnProtocols\": [\"http/1.1\"]")]
    [InlineData("", "\"AlpnProtocols\": [\"h2\", \"acme-tls/1\"]")]
    [InlineData("\"AlpnProtocols\": [\"imap\", \"http/1.1\"]", "")]
    public void Check_TlsThatHttpIsSpokenIn_NoError(string match, string tls) =>
        Assert.Empty(_document.Read(Json(Terminating(match, tls))).Errors);

    [Fact]
    public void Check_KeyWithoutEffect_Warning()
    {
        var result = _document.Read(Json("\"Match\": { \"Endpoints\": [\"e\"] }, \"HalfCloseTimeout\": \"00:05:00\""));

        Assert.Empty(result.Errors);
        var warning = Assert.Single(result.Warnings);
        Assert.Equal("ReverseProxy:TcpRoutes:web:HalfCloseTimeout", warning.Path);
        Assert.Contains("has no effect with Mode Http", warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"Listen\": \"127.0.0.1:0\"")]
    [InlineData("\"Match\": { \"Endpoints\": [\"e\"], \"Protocols\": [\"http\"] }")]
    public void Check_RouteWithHttpRoutes_NoProblem(string route)
    {
        var result = _document.Read(Json(route));

        Assert.Empty(result.Errors);
        Assert.DoesNotContain(result.Warnings, static warning => !warning.Path.Contains("TcpEndpoints", StringComparison.Ordinal));
    }

    [Fact]
    public void Check_NoHttpRoute_Warning()
    {
        var result = _document.Read("""{ "ReverseProxy": { "TcpRoutes": { "web": { "Listen": "127.0.0.1:0", "Mode": "Http" } } } }""");

        Assert.Empty(result.Errors);
        Assert.Contains("there is no HTTP route", Assert.Single(result.Warnings).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _document.Dispose();

    private static string Terminating(string match, string tls) =>
        $$"""
            "Match": { "Endpoints": ["e"] {{(match.Length > 0 ? "," : "")}} {{match}} },
            "Tls": { "Certificate": { "Path": "a.pem" } {{(tls.Length > 0 ? "," : "")}} {{tls}} }
            """;

    private static string Json(string route) =>
        $$"""
            {
              "ReverseProxy": {
                "TcpEndpoints": { "e": { "Address": "127.0.0.1:0" } },
                "TcpRoutes": { "web": { "Mode": "Http", {{route}} } },
                "Routes": { "all": { "ClusterId": "h", "Match": { "Path": "/{**all}" } } },
                "Clusters": { "h": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } }
              }
            }
            """;
}
