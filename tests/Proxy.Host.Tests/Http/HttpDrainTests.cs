using System.Net;
using System.Net.Sockets;
using Proxy.Host.Tests.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Http;

/// <summary>A stop that waits for TCP connections: HTTP is over at once, and the admin endpoint is there to the end.</summary>
public sealed class HttpDrainTests : IAsyncLifetime
{
    private const string Ask = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private readonly TcpServer _server = new("hello");
    private readonly HttpClient _http = new();
    private readonly int _admin = Programs.FreePort();
    private TestHost _host = null!;

    public async Task InitializeAsync() =>
        _host = await TestHost.StartAsync(
            Json.Routes(Json.Route("r", "\"DrainTimeout\": \"00:10:00\""), _server.Port)
                .Insert(
                    1,
                    $$"""
                    "Admin": { "Url": "http://127.0.0.1:{{_admin}}" },
                    "Kestrel": { "Endpoints": { "web": { "Url": "http://127.0.0.1:0" } } },
                    """
                )
        );

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _http.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task Stop_ConnectionsDrain_AdminShowsThemAndHttpAcceptsNothing()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("hello", await client.ReadAsync());

        var stopping = _host.StopAsync();
        await Eventually.TrueAsync(async () => !await AcceptsAsync(Web));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await AskAdminAsync("/healthz/ready")).Status);
        Assert.Contains("proxy_active_connections{", (await AskAdminAsync("/metrics")).Text, StringComparison.Ordinal);
        Assert.Contains("\"route\":\"r\"", (await AskAdminAsync("/api/connections")).Text, StringComparison.Ordinal);
        Assert.False(stopping.IsCompleted);
        client.End();
        Assert.Equal("", await client.ReadAsync());
        await stopping.WaitAsync(Eventually.Limit);
        Assert.False(await AcceptsAsync(_admin));
    }

    [Fact]
    public async Task Stop_HttpConnectionIsOpen_ItsNextAnswerIsTheLast()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("hello", await client.ReadAsync());
        using var open = await TcpClientSocket.ConnectAsync(Web);
        Assert.DoesNotContain("Connection: close", await open.AskAsync(Ask), StringComparison.Ordinal);

        var stopping = _host.StopAsync();
        await Eventually.TrueAsync(async () => !await AcceptsAsync(Web));

        Assert.Contains("Connection: close", await open.AskAsync(Ask), StringComparison.Ordinal);
        Assert.Equal("", await open.ReadAsync());
        client.Dispose();
        await stopping.WaitAsync(Eventually.Limit);
    }

    private int Web => _host.Urls.Single(url => url.Port != _admin).Port;

    private async Task<(HttpStatusCode Status, string Text)> AskAdminAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{_admin}{path}"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        try
        {
            using var client = await TcpClientSocket.ConnectAsync(port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
