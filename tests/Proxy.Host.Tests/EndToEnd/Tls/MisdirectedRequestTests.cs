using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Proxy.Host.Tests.EndToEnd.Handover;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Tls;

/// <summary>A client passes the handshake of one HTTPS route, and asks for the host of another, which demands a certificate.</summary>
public sealed class MisdirectedRequestTests
{
    [Theory]
    [InlineData("Auto", "1.1")]
    [InlineData("Auto", "2.0")]
    [InlineData("Sockets", "1.1")]
    [InlineData("Sockets", "2.0")]
    public async Task Request_ForTheHostOfAnotherRoute_421(string transport, string version)
    {
        using var files = new CertificateFolder();
        await using var site = await WebSite.StartAsync();
        await using var host = await TestHost.StartAsync(Config(transport, files, site));
        using var www = Http("www.example.com");
        Task<HttpStatusCode> Ask(string asked) => AskAsync(www, host.Address, asked, version);

        Assert.Equal(HttpStatusCode.OK, await Ask("www.example.com"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await Ask("api.example.com"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await Ask("API.example.com:8443"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await Ask("other.example.com"));
        Assert.Equal(HttpStatusCode.OK, await Ask("WWW.Example.com:8443"));
        Assert.Equal(HttpStatusCode.OK, await Ask("a.b.apps.example.com"));

        using var api = Http("api.example.com");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => AskAsync(api, host.Address, "api.example.com", version));
    }

    private static string Config(string transport, CertificateFolder files, WebSite site) =>
        $$"""
            {
              "Transport": { "Kind": "{{transport}}" },
              "ReverseProxy": {
                "TcpEndpoints": { "edge": { "Address": "127.0.0.1:0" } },
                "TcpRoutes": {
                  "api": { "Match": { "Endpoints": ["edge"], "ServerNames": ["api.example.com"] }, "Mode": "Http",
                           "Tls": { "Certificate": {{files.Issue(
                "server"
            )}}, "ClientCertificates": "Required", "ClientCertificateAuthority": "{{files.Authority}}" } },
                  "www": { "Match": { "Endpoints": ["edge"], "ServerNames": ["www.example.com", "*.apps.example.com"] }, "Mode": "Http",
                           "Tls": { "Certificate": {{files.Issue("server")}} } }
                },
                {{HandoverHost.Http1And2(site)}}
              }
            }
            """;

    // The handler would take the server name from the Host header.
    private static HttpClient Http(string serverName) =>
        new(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (context, token) => ConnectAsync(serverName, context, token) })
        {
            Timeout = Eventually.Limit,
        };

    private static async ValueTask<Stream> ConnectAsync(
        string serverName,
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken
    )
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = serverName,
                ApplicationProtocols =
                [
                    context.InitialRequestMessage.Version.Major == 2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11,
                ],
                RemoteCertificateValidationCallback = static (_, _, _, _) => true, // what the host sends is not what is tested
            },
            cancellationToken
        );
        return stream;
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, EndPoint address, string asked, string version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://{address}/bytes/1"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Headers = { Host = asked },
        };
        using var response = await http.SendAsync(request);
        return response.StatusCode;
    }
}
