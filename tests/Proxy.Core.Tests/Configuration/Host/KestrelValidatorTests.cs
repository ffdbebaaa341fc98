using Proxy.Configuration.Host;

namespace Proxy.Core.Tests.Configuration.Host;

public sealed class KestrelValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("'Limit': {}", "Limit", "unknown key; did you mean 'Limits'?")]
    [InlineData("'Endpoints': { 'h': { 'Uri': 'http://*:80' } }", "Endpoints:h:Uri", "unknown key; did you mean 'Url'?")]
    [InlineData(
        "'Endpoints': { 'h': { 'Url': 'http://*:80', 'Protcols': 'Http1' } }",
        "Endpoints:h:Protcols",
        "unknown key; did you mean 'Protocols'?"
    )]
    [InlineData("'EndpointDefaults': { 'Certificate': {} }", "EndpointDefaults:Certificate", "unknown key.")]
    [InlineData(
        "'EndpointDefaults': { 'Protocols': 'Http7' }",
        "EndpointDefaults:Protocols",
        "'Http7' is not one of 'Http1', 'Http2', 'Http1AndHttp2'; did you mean 'Http1'?"
    )]
    [InlineData(
        "'EndpointDefaults': { 'Protocols': 'Http3' }",
        "EndpointDefaults:Protocols",
        "'Http3' is not available yet; use 'Http1', 'Http2', 'Http1AndHttp2'."
    )]
    [InlineData("'EndpointDefaults': { 'SslProtocols': 'Tls12' }", "EndpointDefaults:SslProtocols", "a list is expected here: [ … ].")]
    [InlineData(
        "'Certificates': { 'Default': { 'Pasword': 'x' } }",
        "Certificates:Default:Pasword",
        "unknown key; did you mean 'Password'?"
    )]
    [InlineData("'Limits': { 'MaxRequestBodySiz': 100 }", "Limits:MaxRequestBodySiz", "unknown key; did you mean 'MaxRequestBodySize'?")]
    [InlineData(
        "'Limits': { 'MaxRequestBodySize': -2 }",
        "Limits:MaxRequestBodySize",
        "-2 is out of range; 0 to 9007199254740991 is allowed."
    )]
    [InlineData(
        "'Limits': { 'Http2': { 'MaxFrameSize': 5 } }",
        "Limits:Http2:MaxFrameSize",
        "5 is out of range; 16384 to 16777215 is allowed."
    )]
    [InlineData("'Limits': { 'Http3': {} }", "Limits:Http3", "is not available yet; leave it out.")]
    [InlineData(
        "'Limits': { 'MaxRequestBufferSize': 10000, 'MaxRequestHeadersTotalSize': 9000, 'MaxRequestLineSize': 20000 }",
        "Limits:MaxRequestLineSize",
        "20000 bytes do not fit into MaxRequestBufferSize, 10000; lower the one or raise the other."
    )]
    [InlineData(
        "'Limits': { 'MinRequestBodyDataRate': { 'GracePeriod': '00:00:01' } }",
        "Limits:MinRequestBodyDataRate:GracePeriod",
        "'00:00:01' is too short; write more than '00:00:01'."
    )]
    [InlineData(
        "'Limits': { 'Http2': { 'KeepAlivePingDelay': '00:00:00.5' } }",
        "Limits:Http2:KeepAlivePingDelay",
        "'00:00:00.5000000' is too short; write at least '00:00:01', or 'None'."
    )]
    public void Check_Mistake_IsTheOnlyError(string section, string path, string message)
    {
        var error = Assert.Single(_document.Read(Json(section)).Errors);

        Assert.Equal(($"Kestrel:{path}", message), (error.Path, error.Message));
    }

    [Fact]
    public void Check_EveryKindOfKey_IsRead()
    {
        var kestrel = Read(
            """
            'Endpoints': { 'h': { 'Url': 'https://*:443', 'Protocols': 'http2', 'SslProtocols': ['Tls12', 'Tls13'], 'ClientCertificateMode': 'AllowCertificate',
              'Certificate': { 'Path': 'a.pfx', 'Password': 'p' }, 'Sni': { '*.example.com': { 'Protocols': 'Http1', 'Certificate': { 'Subject': 's', 'Store': 'My', 'Location': 'LocalMachine', 'AllowInvalid': true } } } } },
            'Limits': { 'MaxRequestBodySize': 'None', 'MaxConcurrentConnections': 5000000000, 'MinRequestBodyDataRate': { 'BytesPerSecond': 'None' }, 'KeepAliveTimeout': 'None' }
            """
        );

        var endpoint = kestrel.Endpoints["h"];
        Assert.Equal(KestrelProtocols.Http2, endpoint.Protocols);
        Assert.Equal("LocalMachine", $"{endpoint.Sni["*.example.com"].Certificate!.Location}");
        Assert.Equal(
            (-1, 5_000_000_000, -1),
            (
                kestrel.Limits.MaxRequestBodySize,
                kestrel.Limits.MaxConcurrentConnections,
                kestrel.Limits.MinRequestBodyDataRate.BytesPerSecond
            )
        );
        Assert.Equal(Timeout.InfiniteTimeSpan, kestrel.Limits.KeepAliveTimeout);
    }

    public void Dispose() => _document.Dispose();

    private static string Json(string section) => $"{{ 'ReverseProxy': {{}}, 'Kestrel': {{ {section} }} }}".Replace('\'', '"');

    private KestrelConfig Read(string section)
    {
        var result = _document.Read(Json(section));
        Assert.Empty(result.Errors);
        return result.Revision!.Config.Kestrel!;
    }
}
