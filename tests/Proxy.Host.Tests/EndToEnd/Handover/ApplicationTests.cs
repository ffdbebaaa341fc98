using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Handover;
using Proxy.Revisions;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>Routes with Mode Http in another application, and after TLS was terminated.</summary>
public sealed class ApplicationTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Request_InClear_ReachesTheApplicationsOwnPages(string version)
    {
        await using var app = await Application.StartAsync();

        Assert.Equal(
            $"HTTP/{version.Replace(".0", "", StringComparison.Ordinal)} http 127.0.0.1 none none pool",
            await AskAsync(app, version)
        );
    }

    [Fact]
    public async Task Start_KestrelDoesNotListenForSuchRoutes_SaysWhatToCall()
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => Application.StartAsync(listens: false));

        var invalid = Assert.IsType<InvalidConfigException>(exception.GetBaseException());
        Assert.Contains("ListenHttpRoutes()", Assert.Single(invalid.Problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1", false)]
    [InlineData("1.1", true)]
    [InlineData("2.0", false)]
    [InlineData("2.0", true)]
    public async Task Request_AfterTls_HasSchemeVersionAndClientCertificate(string version, bool hasCertificate)
    {
        using var certificate = Certificate("CN=localhost");
        using var client = Certificate("CN=client");
        await using var app = await Application.StartAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(app.App, listener, certificate);

        using var http = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is null or X509Certificate2,
                    ClientCertificates = hasCertificate ? [client] : null,
                },
            }
        );
        var answer = await AskAsync(http, new Uri($"https://{listener.LocalEndpoint}/"), version);

        Assert.Equal(
            $"HTTP/{version.Replace(".0", "", StringComparison.Ordinal)} https 127.0.0.1 {(hasCertificate ? "CN=client" : "none")} Tls13 pool",
            answer
        );
        http.Dispose();
        Assert.Equal(ConnectionOutcome.Completed, await serving.WaitAsync(Eventually.Limit));
    }

    // The code of an application may block; an event loop must not be held by it. A flush that waits for the client goes on when the loop says so.
    [Fact]
    public async Task Page_FlushesWaitForTheClient_GoesOnOnTheThreadPool()
    {
        await using var app = await Application.StartAsync();
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"http://{app.Address}/large"), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        await Eventually.TrueAsync(() => app.FlushesThatWaited > 0);
        var (buffer, total) = (new byte[64 * 1024], 0L);
        while (await body.ReadAsync(buffer) is > 0 and var count)
        {
            total += count;
        }

        Assert.Equal(Application.LargeLength, total);
        Assert.Equal(0, app.FlushesOnLoops);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Connections_WhileTheyAreOpen_KeepADescriptorEachOnce(string version)
    {
        var resources = new Resources(100_000, static () => 100, TimeProvider.System);
        await using var app = await Application.StartAsync(resources: resources);
        var before = resources.Reserve;
        using (var http = new HttpClient())
        {
            await AskAsync(http, new Uri($"http://{app.Address}/"), version);
            Assert.Equal(before + 1, resources.Reserve);
        }

        await Eventually.TrueAsync(() => resources.Reserve == before);
    }

    private static async Task<string> AskAsync(Application app, string version)
    {
        using var http = new HttpClient();
        return await AskAsync(http, new Uri($"http://{app.Address}/"), version);
    }

    private static async Task<string> AskAsync(HttpClient http, Uri url, string version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url)
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    // What a route with TLS termination does: a handshake, and then the handler of Mode Http.
    private static async Task<ConnectionOutcome?> ServeAsync(WebApplication app, TcpListener listener, X509Certificate2 certificate)
    {
        using var socket = await listener.AcceptSocketAsync();
        await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is null or X509Certificate2,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            }
        );
        var connection = new TerminatedConnection(tls, socket.RemoteEndPoint, socket.LocalEndPoint);
        var handler = new HandoverHandler(
            new(new RelayOptions(), TimeSpan.FromSeconds(30), new(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), 3)),
            app.Services.GetRequiredService<HandoverDependencies>()
        );
        ConnectionRecord? record = null;
        await app
            .Services.GetRequiredService<TrackingMiddleware>()
            .OnConnectionAsync(
                connection,
                "tls",
                "",
                connection =>
                {
                    record = ConnectionRecord.Of(connection);
                    return handler.OnConnectedAsync(connection);
                }
            );
        return record?.Outcome;
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
