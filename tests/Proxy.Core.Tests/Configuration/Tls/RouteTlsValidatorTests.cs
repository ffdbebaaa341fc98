namespace Proxy.Core.Tests.Configuration.Tls;

public sealed class RouteTlsValidatorTests : IDisposable
{
    private const string One = "\"Certificate\": { \"Path\": \"a.pem\" }";
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("\"Certificate\": []", "Certificate", "is empty; name a file")]
    [InlineData("\"Certificate\": { \"Path\": \"\" }", "Certificate:Path", "is empty; name a file")]
    [InlineData("\"Certificate\": { \"Path\": \"a\", \"KeyPath\": \" \" }", "Certificate:KeyPath", "is empty; name a file")]
    [InlineData("\"Certificate\": { \"Path\": \"a\\u0000b\" }", "Certificate:Path", "has a null character")]
    [InlineData("\"Certificate\": { \"Pth\": \"a\" }", "Certificate:Pth", "did you mean 'Path'?")]
    [InlineData("\"Certificate\": [{ \"Path\": \"a\" }, { \"Path\": \"a\" }]", "Certificate:1", "is there twice")]
    [InlineData("\"Certificate\": [{ \"Path\": \"a\" }, { \"Path\": \"\" }]", "Certificate:1:Path", "is empty")]
    [InlineData(One + ", \"MinimumVersion\": \"Tls11\"", "MinimumVersion", "Tls12")]
    [InlineData(One + ", \"AlpnProtocols\": [\"\"]", "AlpnProtocols:0", "write 1 to 255 visible ASCII characters")]
    [InlineData(One + ", \"AlpnProtocols\": [\"h2\", \"h2\"]", "AlpnProtocols:1", "'h2' is there twice")]
    [InlineData(One + ", \"CipherSuites\": [\"TLS_AES_256_GCM_SHA38\"]", "CipherSuites:0", "did you mean 'TLS_AES_256_GCM_SHA384'?")]
    [InlineData(
        One + ", \"CipherSuites\": [\"ECDHE-RSA-AES128-GCM-SHA256\"]",
        "CipherSuites:0",
        "did you mean 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'?"
    )]
    [InlineData(
        One + ", \"CipherSuites\": [\"HIGH\"]",
        "CipherSuites:0",
        "no cipher suite 'HIGH'; write the name that IANA has registered"
    )]
    [InlineData(One + ", \"CipherSuites\": [\"TLS_AES_256_GCM_SHA384\", \"TLS_AES_256_GCM_SHA384\"]", "CipherSuites:1", "is there twice")]
    [InlineData(
        One + ", \"MinimumVersion\": \"Tls13\", \"CipherSuites\": [\"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"]",
        "CipherSuites",
        "has no suite of TLS 1.3, which MinimumVersion asks for"
    )]
    [InlineData(
        One + ", \"ClientCertificates\": \"Required\"",
        "ClientCertificateAuthority",
        "is required with ClientCertificates Required"
    )]
    [InlineData(One + ", \"ClientCertificates\": \"Allow\"", "ClientCertificateAuthority", "is required with ClientCertificates Allow")]
    [InlineData(
        One + ", \"ClientCertificateAuthority\": \"ca\"",
        "ClientCertificateAuthority",
        "is for ClientCertificates Allow or Required"
    )]
    [InlineData(
        One + ", \"ClientCertificateRevocationList\": \"crl\"",
        "ClientCertificateRevocationList",
        "is for ClientCertificates Allow or Required"
    )]
    [InlineData(
        One + ", \"ClientCertificates\": \"Allow\", \"ClientCertificateAuthority\": \"\"",
        "ClientCertificateAuthority",
        "is empty; name a file"
    )]
    [InlineData(One + ", \"HandshakeTimeout\": \"00:00:00\"", "HandshakeTimeout", "")]
    public void Check_Wrong_ErrorThatSaysWhatIsRight(string tls, string key, string error)
    {
        var problem = Assert.Single(_document.Read(Json(tls)).Errors);

        Assert.Equal($"ReverseProxy:TcpRoutes:r:Tls:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_WithoutCertificate_Error()
    {
        var problem = Assert.Single(_document.Read(Json("\"MinimumVersion\": \"Tls13\"")).Errors);

        Assert.StartsWith("ReverseProxy:TcpRoutes:r:Tls", problem.Path, StringComparison.Ordinal);
        Assert.Contains("Certificate", $"{problem.Path}: {problem.Message}", StringComparison.Ordinal);
    }

    [Fact]
    public void Check_AlpnOf256Bytes_Error()
    {
        var problem = Assert.Single(_document.Read(Json($"{One}, \"AlpnProtocols\": [\"{new string('a', 256)}\"]")).Errors);

        Assert.Equal("ReverseProxy:TcpRoutes:r:Tls:AlpnProtocols:0", problem.Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData(", \"Mode\": \"Lock\"")]
    public void Check_Everything_NoProblemAndThePasswordIsASecret(string mode)
    {
        var result = _document.Read(
            Json(
                """
                "Certificate": [{ "Path": "a.pem", "KeyPath": "a.key", "Password": "hunter22" }, { "Path": "b.pfx" }],
                "MinimumVersion": "Tls13", "AlpnProtocols": ["h2", "http/1.1"], "CipherSuites": ["TLS_AES_256_GCM_SHA384"], "RequireCloseNotify": false,
                "ClientCertificates": "Required", "ClientCertificateAuthority": "ca.pem", "ClientCertificateRevocationList": "ca.crl",
                "HandshakeTimeout": "00:00:05"
                """,
                mode
            )
        );

        Assert.Empty(result.Errors);
        Assert.Contains("hunter22", result.Revision!.Secrets);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(", \"Tls\": { " + One + " }", true)]
    [InlineData(", \"Tls\": { " + One + ", \"ClientCertificates\": \"Allow\", \"ClientCertificateAuthority\": \"ca.pem\" }", false)]
    public void Check_MatchOfClientCertificates_NeedsTlsThatAsksForThem(string tls, bool isWrong)
    {
        var errors = _document
            .Read(
                $$"""
                { "ReverseProxy": { "TcpEndpoints": { "e": { "Address": "127.0.0.1:0" } },
                  "TcpRoutes": { "r": { "Match": { "Endpoints": ["e"], "ClientCertificates": ["CN=a"] }, "ClusterId": "c" {{tls}} } },
                  "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
                """
            )
            .Errors;

        Assert.Equal(isWrong ? ["ReverseProxy:TcpRoutes:r:Match:ClientCertificates"] : [], errors.Select(static one => one.Path));
    }

    public void Dispose() => _document.Dispose();

    private static string Json(string tls, string more = "") =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Tls": { {{tls}} } {{more}} } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """;
}
