namespace Proxy.Core.Tests.Configuration.Routes;

public sealed class TerminationValidatorTests : IDisposable
{
    private const string Certificate = """ "Certificate": { "Path": "a.pem" } """;
    private const string Asking = """ "ClientCertificates": "Required", "ClientCertificateAuthority": "ca.pem" """;

    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("""  "Protocols": ["Ssh"] """, "", "Tls: a client of Ssh does not begin with TLS")]
    [InlineData(
        """ "AlpnProtocols": ["h2"] """,
        """ "AlpnProtocols": ["imap"] """,
        "Tls:AlpnProtocols: has none of Match:AlpnProtocols (h2)"
    )]
    [InlineData(""" "ClientCertificates": ["a*b"] """, Asking, "Match:ClientCertificates:0: 'a*b' is no name in a certificate")]
    public void Check_Wrong_SaysWhereAndWhatWouldBeRight(string match, string tls, string error) =>
        Assert.Contains(Errors(Route("r", match, tls)), line => line.Contains(error, StringComparison.Ordinal));

    [Theory]
    [InlineData("", "")]
    [InlineData(""" "ServerNames": ["a.example"], "Protocols": ["Postgres"] """, """ "MinimumVersion": "Tls13" """)]
    [InlineData(""" "AlpnProtocols": ["h2", "imap"] """, """ "AlpnProtocols": ["imap"] """)]
    [InlineData(""" "ClientCertificates": ["spiffe://a/*", "CN=x"] """, Asking)]
    public void Check_Right_NoError(string match, string tls) => Assert.Empty(Errors(Route("r", match, tls)));

    [Fact]
    public void Check_RoutesThatOnlyTheCertificateTellsApart_NeedTheSameTls()
    {
        const string Name = """ "ServerNames": ["a.example"] """;
        var first = Route("a", $"{Name}, \"ClientCertificates\": [\"CN=x\"]", Asking);
        var same = Route("b", $"{Name}, \"ClientCertificates\": [\"CN=*y\"]", Asking);

        Assert.Empty(Errors($"{first}, {same}, {Route("c", Name, Asking)}"));
        Assert.Contains(
            Errors($"{first}, {same}, {Route("c", Name, "")}"),
            static line => line.Contains("TcpRoutes:c:Tls: differs from that of route 'a'", StringComparison.Ordinal)
        );
        Assert.Empty(Errors($"{first}, {Route("c", """ "ServerNames": ["b.example"] """, "")}"));
    }

    [Fact]
    public void Check_CipherSuitesInAnotherCase_AreTheSame()
    {
        var first = Route("a", """ "ClientCertificates": ["CN=x"] """, $"{Asking}, \"CipherSuites\": [\"TLS_AES_256_GCM_SHA384\"]");
        var second = Route("b", """ "ClientCertificates": ["CN=y"] """, $"{Asking}, \"CipherSuites\": [\"tls_aes_256_gcm_sha384\"]");

        Assert.DoesNotContain(Errors($"{first}, {second}"), static line => line.Contains("differs", StringComparison.Ordinal));
    }

    // Mode Http has a default of its own for AlpnProtocols, and takes a missing close_notify.
    [Fact]
    public void Check_HttpAndOtherRouteThatOnlyTheCertificateTellsApart_NeedTheSameTlsInEffect()
    {
        var http = Route("a", """ "ClientCertificates": ["CN=x"] """, Asking)
            .Replace("\"ClusterId\": \"c\"", "\"Mode\": \"Http\"", StringComparison.Ordinal);

        Assert.Contains(
            Errors($"{http}, {Route("b", "", Asking)}"),
            static line =>
                line.Contains("TcpRoutes:b:Tls: differs from that of route 'a'", StringComparison.Ordinal)
                && line.Contains("Mode Http", StringComparison.Ordinal)
        );
        Assert.Empty(
            Errors(
                $$"""{{http}}, {{Route("b", "", $$""" {{Asking}}, "AlpnProtocols": ["h2", "http/1.1"], "RequireCloseNotify": false """)}}"""
            )
        );
    }

    [Fact]
    public void Check_SameNamesInCertificates_MatchTheSame()
    {
        const string Match = """ "ClientCertificates": ["CN=x"] """;

        Assert.Contains(
            Errors($"{Route("a", Match, Asking)}, {Route("b", Match, Asking)}"),
            static line => line.Contains("matches the same as route", StringComparison.Ordinal)
        );
    }

    public void Dispose() => _document.Dispose();

    private static string Route(string id, string match, string tls) =>
        $$"""
            "{{id}}": { "Match": { "Endpoints": ["e"] {{(match.Length > 0 ? "," : "")}} {{match}} }, "ClusterId": "c",
                        "Tls": { {{Certificate}} {{(tls.Length > 0 ? "," : "")}} {{tls}} } }
            """;

    private List<string> Errors(string routes) =>
        [
            .. _document
                .Read(
                    $$"""
                    { "ReverseProxy": { "TcpEndpoints": { "e": { "Address": "127.0.0.1:9100" } }, "TcpRoutes": { {{routes}} },
                      "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:9101" } } } } } }
                    """
                )
                .Errors.Select(static problem => $"{problem.Path}: {problem.Message}"),
        ];
}
