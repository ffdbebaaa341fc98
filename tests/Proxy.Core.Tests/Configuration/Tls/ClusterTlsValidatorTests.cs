namespace Proxy.Core.Tests.Configuration.Tls;

public sealed class ClusterTlsValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("\"ServerName\": \"\"", "ServerName", "is neither a name of a host nor an address")]
    [InlineData("\"ServerName\": \"*.example.com\"", "ServerName", "is neither a name of a host nor an address")]
    [InlineData("\"ServerName\": \"bücher.example\"", "ServerName", "others as 'xn--…'")]
    [InlineData("\"ServerName\": \"10\"", "ServerName", "is neither a name of a host nor an address")]
    [InlineData("\"ServerName\": \"0x7f.1\"", "ServerName", "is neither a name of a host nor an address")]
    [InlineData("\"CertificateAuthority\": \"\"", "CertificateAuthority", "is empty; name a file")]
    [InlineData("\"CertificateRevocationList\": \"\"", "CertificateRevocationList", "is empty; name a file")]
    [InlineData("\"Certificate\": { \"Path\": \"\" }", "Certificate:Path", "is empty; name a file")]
    [InlineData("\"AlpnProtocols\": [\"a b\"]", "AlpnProtocols:0", "write 1 to 255 visible ASCII characters")]
    [InlineData("\"CipherSuites\": [\"x\"]", "CipherSuites:0", "no cipher suite 'x'")]
    [InlineData("\"Negotiation\": \"MySql\"", "Negotiation", "Postgres")]
    public void Check_Wrong_ErrorThatSaysWhatIsRight(string tls, string key, string error)
    {
        var problem = Assert.Single(_document.Read(Json(tls)).Errors);

        Assert.Equal($"ReverseProxy:Clusters:c:Tcp:Tls:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CertificateAuthority")]
    [InlineData("CertificateRevocationList")]
    public void Check_UnverifiedWithWhatVerifies_Error(string key)
    {
        var problem = Assert.Single(_document.Read(Json($"\"AllowInvalid\": true, \"{key}\": \"ca.pem\"")).Errors);

        Assert.Equal($"ReverseProxy:Clusters:c:Tcp:Tls:{key}", problem.Path);
        Assert.Contains("remove AllowInvalid, so that certificates are verified", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_Unverified_Warning()
    {
        var result = _document.Read(Json("\"AllowInvalid\": true"));

        Assert.Empty(result.Errors);
        var warning = Assert.Single(result.Warnings);
        Assert.Equal("ReverseProxy:Clusters:c:Tcp:Tls:AllowInvalid", warning.Path);
        Assert.Contains("may read and change all bytes", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_HttpDestinations_Error()
    {
        var errors = _document
            .Read(
                """
                { "ReverseProxy": { "Routes": { "r": { "Match": { "Path": "/" }, "ClusterId": "c" } },
                  "Clusters": { "c": { "Tcp": { "Tls": {} }, "Destinations": { "d": { "Address": "http://127.0.0.1:1" } } } } } }
                """
            )
            .Errors;

        var problem = Assert.Single(errors);
        Assert.Equal("ReverseProxy:Clusters:c:Tcp:Tls", problem.Path);
        Assert.Contains("whose TLS is YARP's; leave it out", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"ServerName\": \"192.0.2.1\"")]
    [InlineData("\"ServerName\": \"2001:db8::1\"")]
    [InlineData(
        "\"ServerName\": \"db.example.com\", \"CertificateAuthority\": \"ca.pem\", \"CertificateRevocationList\": \"ca.crl\", \"Certificate\": { \"Path\": \"a.pem\" }, \"AlpnProtocols\": [\"postgresql\"], \"Negotiation\": \"Postgres\", \"MinimumVersion\": \"Tls13\""
    )]
    public void Check_Right_NoProblem(string tls)
    {
        var result = _document.Read(Json(tls));

        Assert.Empty(result.Errors.Concat(result.Warnings));
    }

    public void Dispose() => _document.Dispose();

    private static string Json(string tls) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": { "Tcp": { "Tls": { {{tls}} } }, "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """;
}
