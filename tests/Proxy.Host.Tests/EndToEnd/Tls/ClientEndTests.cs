using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Proxy.Diagnostics;
using Proxy.Host.Tests.EndToEnd.Handover;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Tls;

/// <summary>What a server and the access log see of how clients end TLS.</summary>
public sealed class ClientEndTests : IDisposable
{
    private readonly string _log = Path.GetTempFileName();

    [RealServerFact("openssl")]
    public async Task OpenSsl_KilledWithinAnUpload_ServerSeesAReset()
    {
        using var files = await FilesAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var host = await TestHost.StartAsync(Config(files, $"\"ClusterId\": \"c\"", $"tcp://{listener.LocalEndpoint}"));
        using var client = Process.Start(
            new ProcessStartInfo("openssl", ["s_client", "-quiet", "-connect", $"{host.Address}"])
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
            }
        )!;
        using var server = await listener.AcceptSocketAsync().WaitAsync(Eventually.Limit);
        var part = new byte[100_000];
        await client.StandardInput.BaseStream.WriteAsync(part);
        await client.StandardInput.BaseStream.FlushAsync();
        await ReceiveAsync(server, part.Length);

        client.Kill();

        var exception = await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(server, int.MaxValue));
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        await AssertOutcomeAsync(ConnectionOutcome.ClientTruncated);
    }

    [RealServerFact("openssl")]
    public async Task HttpClient_FinWithoutCloseNotifyAfterItsAnswer_Completed()
    {
        using var files = await FilesAsync();
        await using var site = await WebSite.StartAsync();
        await using var host = await TestHost.StartAsync(Config(files, "\"Mode\": \"Http\"", $"http://127.0.0.1:{site.Port}"));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Address);
        await using (var stream = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: true, static (_, _, _, _) => true))
        {
            await stream.AuthenticateAsClientAsync("server");
            await stream.WriteAsync("GET / HTTP/1.1\r\nHost: server\r\n\r\n"u8.ToArray());
            await stream.ReadExactlyAsync(new byte["HTTP/1.1 200"u8.Length]);
        }

        socket.Shutdown(SocketShutdown.Send);

        await AssertOutcomeAsync(ConnectionOutcome.Completed);
    }

    public void Dispose() => File.Delete(_log);

    private static async Task<CertificateFiles> FilesAsync()
    {
        var files = await CertificateFiles.CreateAsync();
        await files.IssueAsync("server", "serverAuth", "DNS:server");
        return files;
    }

    private static async Task ReceiveAsync(Socket server, int length)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[65536];
        while (length > 0)
        {
            var count = await server.ReceiveAsync(buffer, limit.Token);
            Assert.True(count > 0, "The server saw an end.");
            length -= count;
        }
    }

    private Task AssertOutcomeAsync(ConnectionOutcome outcome) =>
        Eventually.TrueAsync(async () =>
            (await File.ReadAllTextAsync(_log)).Contains($"\"outcome\":\"{outcome}\"", StringComparison.Ordinal)
        );

    private string Config(CertificateFiles files, string route, string address) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", {{route}}, "Tls": { "Certificate": {{files.Json("server")}} } } },
                "Routes": { {{(
                route.Contains("Http", StringComparison.Ordinal) ? """ "h": { "ClusterId": "c", "Match": { "Path": "/{**all}" } } """ : ""
            )}} },
                "Clusters": { "c": { "Destinations": { "a": { "Address": "{{address}}" } } } } },
              "Log": { "Access": { "Path": "{{_log}}" } } }
            """;
}
