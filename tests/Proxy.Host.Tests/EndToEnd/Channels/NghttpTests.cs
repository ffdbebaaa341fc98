using System.Net;
using System.Net.Sockets;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Channels;

/// <summary>
/// nghttp, the client of nghttp2, at the tunnel endpoint. It opens tunnels with POST. It cannot use CONNECT, since it sends <c>:path</c>
/// with every request and no data after the body.
/// </summary>
public sealed class NghttpTests : IAsyncLifetime
{
    private ThreeInstances _three = null!;

    public async Task InitializeAsync() =>
        _three = await ThreeInstances.StartAsync(at: 1, more: new() { ["Channels:Tunnel:PingDelay"] = "00:00:01" });

    [RealServerFact("nghttp")]
    public async Task Post_Bodies_ComeBackOnAllStreams()
    {
        using var echo = new TcpServer("", Legacy);
        await _three.ServesAsync(1);
        var body = new string('x', 500_000);

        var output = await RunAsync(body, "/.channels/v1/open/db", "-m", "10");

        Assert.Equal(string.Concat(Enumerable.Repeat(body, 10)), output);
    }

    [RealServerFact("nghttp")]
    public async Task Post_SilentTunnel_SettingsAndPingsAreExchanged()
    {
        using var legacy = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        legacy.Bind(Legacy);
        legacy.Listen();
        await _three.ServesAsync(1);

        using var nghttp = Programs.Start("nghttp", [.. Arguments("/.channels/v1/open/db"), "-v"]);
        try
        {
            await SeesAsync(nghttp.StandardOutput, "recv SETTINGS", "send SETTINGS", ":status: 200", "recv PING", "send PING");
        }
        finally
        {
            nghttp.Kill();
        }
    }

    [RealServerFact("nghttp")]
    public async Task Post_WithoutCertificate_IsNotAnswered()
    {
        using var echo = new TcpServer("", Legacy);
        await _three.ServesAsync(1);

        var output = await Programs.RunAsync("nghttp", "hello", "-v", "-y", "-d", "-", Url("/.channels/v1/open/db"));

        // The refusal can arrive before or after its headers are sent.
        Assert.Contains("Connected", output, StringComparison.Ordinal);
        Assert.DoesNotContain(":status", output, StringComparison.Ordinal);
        Assert.DoesNotContain("recv DATA", output, StringComparison.Ordinal);
    }

    [RealServerFact("nghttp")]
    public async Task Post_ConnectorWithoutServer_404() =>
        Assert.Contains(":status: 404", await RunAsync("hello", "/.channels/v1/open/other", "-v"), StringComparison.Ordinal);

    [RealServerFact("nghttp")]
    public async Task Connect_WithAPath_IsMalformed()
    {
        var output = await RunAsync("hello", "/", "-v", "-H", ":method: CONNECT", "-H", ":authority: 127.0.0.1:22");

        Assert.Contains("recv RST_STREAM", output, StringComparison.Ordinal);
        Assert.Contains("PROTOCOL_ERROR", output, StringComparison.Ordinal);
    }

    public async Task DisposeAsync() => await _three.DisposeAsync();

    private IPEndPoint Legacy => new(IPAddress.Parse(ThreeInstances.Ip(1, 1)), _three.DbPort);

    private static async Task SeesAsync(StreamReader output, params string[] texts)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var missing = texts.ToList();
        while (missing.Count > 0)
        {
            var line = await output.ReadLineAsync(limit.Token);
            Assert.True(line is not null, $"nghttp ended without {string.Join(", ", missing)}");
            missing.RemoveAll(text => line.Contains(text, StringComparison.Ordinal));
        }
    }

    private string Url(string path) => $"https://127.0.0.1:{_three.Tunnels[1]}{path}";

    private IEnumerable<string> Arguments(string path) =>
        ["-y", "--cert", $"{_three.Certificates}/A_1.crt", "--key", $"{_three.Certificates}/A_1.key", "-d", "-", Url(path)];

    private Task<string> RunAsync(string body, string path, params string[] more) =>
        Programs.RunAsync("nghttp", body, [.. Arguments(path), .. more]);
}
