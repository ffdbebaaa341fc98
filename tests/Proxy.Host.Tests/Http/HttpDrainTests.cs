using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Http;

/// <summary>A stop that waits for TCP connections: HTTP ends at once, and the admin endpoint answers until the end.</summary>
public sealed class HttpDrainTests : IAsyncLifetime
{
    private const string Ask = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private readonly TcpServer _server = new("hello");
    private readonly HttpClient _http = new();
    private int _admin = Ports.Free();
    private TestHost _host = null!;

    public async Task InitializeAsync() => _host = await TestHost.StartAsync(Config(_server.Port));

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
        await Eventually.TrueAsync(async () => !await Programs.AcceptsAsync(Web));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await AskAdminAsync("/healthz/ready")).Status);
        Assert.Contains("proxy_active_connections{", (await AskAdminAsync("/metrics")).Text, StringComparison.Ordinal);
        Assert.Contains("\"route\":\"r\"", (await AskAdminAsync("/api/connections")).Text, StringComparison.Ordinal);
        Assert.False(stopping.IsCompleted);
        client.End();
        Assert.Equal("", await client.ReadAsync());
        await stopping.WaitAsync(Eventually.Limit);
        // A process that another test is starting has a copy of the listening socket until it runs its program.
        await Eventually.TrueAsync(async () => !await Programs.AcceptsAsync(_admin));
    }

    [Fact]
    public async Task Stop_HttpConnectionIsIdle_EndsWhileTcpDrains()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("hello", await client.ReadAsync());
        using var idle = await TcpClientSocket.ConnectAsync(Web);
        Assert.DoesNotContain("Connection: close", await idle.AskAsync(Ask), StringComparison.Ordinal);

        var stopping = _host.StopAsync();

        Assert.Equal("", await idle.ReadAsync());
        Assert.False(stopping.IsCompleted);
        client.Dispose();
        await stopping.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Stop_Http2ConnectionIsOpen_GetsGoAway()
    {
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("hello", await client.ReadAsync());
        Assert.Equal(HttpStatusCode.NotFound, await AskHttp2Async());

        var stopping = _host.StopAsync();

        await Eventually.TrueAsync(async () => await AskHttp2Async() is null);
        Assert.False(stopping.IsCompleted);
        client.Dispose();
        await stopping.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Stop_TcpRouteLeadsToAnIdleHttpConnection_EndsIt()
    {
        await _host.EditAsync(Config(Web));
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.StartsWith("HTTP/1.1 404", await client.AskAsync(Ask), StringComparison.Ordinal);

        var stopping = _host.StopAsync();

        Assert.Equal("", await client.ReadAsync());
        client.Dispose();
        await stopping.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Stop_ClientStays_AdminAnswersUntilItIsReset()
    {
        await _host.DisposeAsync();
        _admin = Ports.Free();
        var time = new ManualTime();
        _host = await TestHost.StartAsync(Config(_server.Port), services => services.AddSingleton<TimeProvider>(time));
        using var client = await TcpClientSocket.ConnectAsync(_host.Address);
        Assert.Equal("hello", await client.ReadAsync());

        var stopping = _host.StopAsync();
        await Eventually.TrueAsync(async () => !await Programs.AcceptsAsync(Web));

        time.Advance(TimeSpan.FromMinutes(9)); // of the ten
        Assert.Equal(HttpStatusCode.OK, (await AskAdminAsync("/healthz/live")).Status);
        var end = client.ReadAsync();
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => end.IsCompleted);
        Assert.Null(await end);
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => stopping.IsCompleted);
        await stopping;
    }

    private string Config(int port) =>
        Json.Routes(Json.Route("r", "\"DrainTimeout\": \"00:10:00\""), port)
            .Insert(
                1,
                $$"""
                "Admin": { "Url": "http://127.0.0.1:{{_admin}}" },
                "Kestrel": { "Endpoints": {
                  "web": { "Url": "http://127.0.0.1:0" }, "web2": { "Url": "http://127.0.0.2:0", "Protocols": "Http2" } } },
                """
            );

    private async Task<HttpStatusCode?> AskHttp2Async()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _host.Urls.Single(static url => url.Host == "127.0.0.2"));
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        try
        {
            using var answer = await _http.SendAsync(request);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private int Web => _host.Urls.Single(url => url.Port != _admin && url.Host == "127.0.0.1").Port;

    private async Task<(HttpStatusCode Status, string Text)> AskAdminAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{_admin}{path}"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
