namespace Proxy.Core.Tests.Configuration.Routes;

public sealed class HttpReachValidatorTests : IDisposable
{
    private const string Certificate = "\"Certificate\": { \"Path\": \"a.pem\" }";
    private const string Required =
        $"\"Tls\": {{ {Certificate}, \"ClientCertificates\": \"Required\", \"ClientCertificateAuthority\": \"ca.pem\" }}";
    private const string Networks = "\"Limits\": { \"AllowNetworks\": [\"10.0.0.0/8\"] }";

    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData(Required, $"\"Tls\": {{ {Certificate} }}", "Tls:ClientCertificates of TCP route 'api'", "Match:ServerNames")]
    [InlineData(
        $"\"Tls\": {{ {Certificate} }}, {Networks}",
        $"\"Tls\": {{ {Certificate} }}",
        "Limits:AllowNetworks of TCP route 'api'",
        "Match:ServerNames"
    )]
    [InlineData(Required, "", "Tls:ClientCertificates of TCP route 'api'", "HTTP in clear")]
    public void Check_OtherRouteDemandsLess_Warning(string api, string other, string what, string advice)
    {
        var warning = Assert.Single(Warnings(api, other));

        Assert.Equal("ReverseProxy:TcpRoutes:www", warning.Path);
        Assert.Contains(what, warning.Message, StringComparison.Ordinal);
        Assert.Contains(advice, warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OtherRouteDemandsLessAndHasNames_NoWarning() =>
        Assert.Empty(Warnings(Required, $"\"Tls\": {{ {Certificate} }}", names: ", \"ServerNames\": [\"www.example.com\"]"));

    [Theory]
    [InlineData(Required, Required)]
    [InlineData($"\"Tls\": {{ {Certificate} }}", "")]
    [InlineData($"\"Tls\": {{ {Certificate} }}, \"Limits\": {{ \"AllowNetworks\": [\"10.0.0.0/8\"], \"DryRun\": true }}", "")]
    public void Check_NothingIsDemandedOrTheSame_NoWarning(string api, string other) => Assert.Empty(Warnings(api, other));

    [Theory]
    [InlineData("\"Url\": \"http://127.0.0.1:1\"", true)]
    [InlineData("\"Url\": \"https://127.0.0.1:1\", \"ClientCertificateMode\": \"RequireCertificate\"", false)]
    public void Check_EndpointOfKestrel_WarningUnlessItAsksForACertificate(string endpoint, bool warns)
    {
        var warnings = Warnings(Required, Required, root: $$""" "Kestrel": { "Endpoints": { "Web": { {{endpoint}} } } }, """);

        Assert.Equal(warns ? ["Kestrel:Endpoints:Web"] : [], warnings.Select(static warning => warning.Path));
    }

    public void Dispose() => _document.Dispose();

    private List<Proxy.Configuration.Reading.ConfigProblem> Warnings(string api, string other, string names = "", string root = "")
    {
        var result = _document.Read(
            $$"""
            {
              {{root}}
              "ReverseProxy": {
                "TcpEndpoints": { "e": { "Address": "127.0.0.1:0" }, "f": { "Address": "127.0.0.2:0" } },
                "TcpRoutes": {
                  "api": { "Mode": "Http", "Match": { "Endpoints": ["e"], "ServerNames": ["api.example.com"] }, {{api}} },
                  "www": { "Mode": "Http", "Match": { "Endpoints": ["f"]{{names}} }{{(other.Length == 0 ? "" : ", " + other)}} }
                },
                "Routes": { "all": { "ClusterId": "h", "Match": { "Path": "/{**all}" } } },
                "Clusters": { "h": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } }
              }
            }
            """
        );
        Assert.Empty(result.Errors);
        return [.. result.Warnings.Where(static warning => warning.Message.Contains("get around", StringComparison.Ordinal))];
    }
}
