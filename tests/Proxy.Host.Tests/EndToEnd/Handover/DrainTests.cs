using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Diagnostics;
using Proxy.Handover;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>Edits and stops while Kestrel serves connections of a route with Mode Http.</summary>
public sealed class DrainTests
{
    public static TheoryData<string> Transports => ProtocolTests.Transports;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task RouteRemoved_RequestRuns_IsAnsweredWithConnectionClose(string transport)
    {
        var last = new LastConnection();
        await using var host = await HandoverHost.StartAsync(transport, adds: services => services.AddSingleton<IStartupFilter>(last));
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await Eventually.TrueAsync(() => !host.Site.Events.IsEmpty);

        await RemoveAsync(host);
        await Eventually.TrueAsync(() => host.Host.Tracker.Open.All(static record => record.DrainTimeout is not null));
        await Eventually.TrueAsync(() => last.WasAskedToClose);
        host.Site.Go.SetResult();

        var answer = await ReadAllAsync(client);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        Assert.EndsWith("waited\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task RouteRemoved_ConnectionIsIdle_Ends(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.StartsWith("HTTP/1.1 200", await HandoverHost.AskAsync(client), StringComparison.Ordinal);
        using var silent = await TcpClientSocket.ConnectAsync(host.Address);
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 2);

        await RemoveAsync(host);

        Assert.Equal("", await client.ReadAsync());
        Assert.Equal("", await silent.ReadAsync());
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task RouteRemoved_Http2_GetsGoAwayAfterItsRequests(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        var waiting = host.GetAsync("/wait", HttpVersion.Version20);
        await Eventually.TrueAsync(() => !host.Site.Events.IsEmpty);

        await RemoveAsync(host);
        await Eventually.TrueAsync(() => host.Host.Tracker.Open.All(static record => record.DrainTimeout is not null));
        host.Site.Go.SetResult();

        Assert.Equal("waited", await waiting);
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task RouteRemoved_WebSocketGoesOn_IsResetAtTheDrainTimeout(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport, route: "\"DrainTimeout\": \"00:00:01\"");
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(host.Url("/ws", "ws"), limit.Token);
        var record = Assert.Single(host.Host.Tracker.Open);

        await RemoveAsync(host);

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[10], limit.Token));
        await Eventually.TrueAsync(() => record.Outcome is not null);
        Assert.Equal(ConnectionOutcome.Drained, record.Outcome);
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Stop_RequestRuns_IsAnswered(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await Eventually.TrueAsync(() => !host.Site.Events.IsEmpty);

        var stopping = host.Host.StopAsync();
        await Eventually.TrueAsync(async () => !await Programs.AcceptsAsync(host.Address));
        host.Site.Go.SetResult();

        Assert.EndsWith("waited\r\n0\r\n\r\n", await ReadAllAsync(client), StringComparison.Ordinal);
        await stopping.WaitAsync(Eventually.Limit);
    }

    // The first route with Mode Http on a host that started without HTTP.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Edit_HostHadNoHttp_ServesTheRoute(string transport)
    {
        using var server = new TcpServer("hello");
        await using var site = await WebSite.StartAsync();
        await using var host = await TestHost.StartAsync(Json.Routes(Json.Route("r"), server.Port));
        Assert.Empty(host.Urls);

        await host.EditAsync(HandoverHost.Config(site, transport));

        using var http = new HttpClient();
        Assert.Equal($"127.0.0.1 http {host.Address}", await http.GetStringAsync(new Uri($"http://{host.Address}/")));
    }

    // Another route with Mode Http takes over on the same address, again and again.
    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Edit_RouteIsReplacedUnderLoad_NoRequestFails(string transport, string version)
    {
        const int Clients = 8;
        const int Edits = 12;
        await using var site = await WebSite.StartAsync();
        var port = Ports.Free();
        await using var host = await TestHost.StartAsync(Config("route0"));
        using var end = new CancellationTokenSource();
        var answered = 0;
        var clients = Enumerable.Range(0, Clients).Select(static _ => new SocketsHttpHandler { MaxConnectionsPerServer = 1 }).ToList();
        var running = clients.Select(handler => Task.Run(() => AskAsync(handler))).ToList();

        for (var edit = 1; edit <= Edits; edit++)
        {
            var before = Volatile.Read(ref answered);
            await Eventually.TrueAsync(() => Volatile.Read(ref answered) > before + 50 || running.Any(static one => one.IsFaulted));
            await host.EditAsync(Config($"route{edit}"));
        }

        await end.CancelAsync();
        await Task.WhenAll(running);
        clients.ForEach(static handler => handler.Dispose());
        await Eventually.TrueAsync(() => host.Tracker.Count == 0);

        // POST is not sent again by the client if its connection was closed.
        async Task AskAsync(SocketsHttpHandler handler)
        {
            using var http = new HttpClient(handler, disposeHandler: false);
            while (!end.IsCancellationRequested)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/length")
                {
                    Version = Version.Parse(version),
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                    Content = new ByteArrayContent(new byte[10]),
                };
                using var response = await http.SendAsync(request, CancellationToken.None);
                Assert.Equal("10", await response.Content.ReadAsStringAsync(CancellationToken.None));
                Interlocked.Increment(ref answered);
            }
        }

        string Config(string id) =>
            $$"""
                {
                  "Transport": { "Kind": "{{transport}}" },
                  "ReverseProxy": {
                    "TcpRoutes": { "{{id}}": { "Listen": "127.0.0.1:{{port}}", "Mode": "Http" } },
                    {{HandoverHost.Http1And2(site)}}
                  }
                }
                """;
    }

    public static TheoryData<string, string> Versions => ProtocolTests.Versions;

    private static Task RemoveAsync(HandoverHost host) => host.Host.EditAsync("""{ "ReverseProxy": {} }""");

    private static async Task<string> ReadAllAsync(TcpClientSocket client)
    {
        var text = "";
        while (await client.ReadAsync() is { Length: > 0 } more)
        {
            text += more;
        }

        return text;
    }

    /// <summary>Knows the connection of the last request.</summary>
    private sealed class LastConnection : IStartupFilter
    {
        private volatile HandedConnection? _connection;

        public bool WasAskedToClose => _connection is { Deadlines.WasAsked: true };

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
            app =>
            {
                app.Use(
                    async (context, rest) =>
                    {
                        _connection = (HandedConnection?)context.Features.Get<IConnectionResetFeature>();
                        await rest(context);
                    }
                );
                next(app);
            };
    }
}
