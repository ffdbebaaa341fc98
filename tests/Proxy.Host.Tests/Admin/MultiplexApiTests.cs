using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Proxy.Host.Tests.EndToEnd.Multiplexing;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>The API of multiplexers: what it shows and changes.</summary>
public sealed class MultiplexApiTests : IDisposable
{
    private const string One = "/api/multiplex/c/d0";
    private readonly HttpClient _http = new();

    [Fact]
    public async Task Get_NoClientYet_ListedWithItsProtocol()
    {
        await using var device = Echo();
        await using var host = await StartAsync(device.Port);

        using var all = await GetAsync(host, "/api/multiplex");
        using var one = await GetAsync(host, "/api/multiplex/C/D0");

        var listed = Assert.Single(all.RootElement.EnumerateArray());
        Assert.Equal(listed.GetRawText(), one.RootElement.GetRawText());
        Assert.Equal(
            ("c", "d0", "line", 0),
            (Text(listed, "clusterId"), Text(listed, "destinationId"), Text(listed, "protocol"), Count(listed, "clients"))
        );
        Assert.Equal(0, device.Connections.All);
    }

    [Fact]
    public async Task Get_OneExchangeAndOneWaiting_BothShown()
    {
        using var gate = new SemaphoreSlim(0);
        await using var device = Gated(gate);
        await using var host = await StartAsync(device.Port);
        using var asking = await AskAsync(host, "a\n");
        using var first = await WaitForAsync(host, static root => Count(root, "upstreams") == 1 && InFlight(root) == 1);
        using var waiting = await AskAsync(host, "b\n");

        using var status = await WaitForAsync(host, static root => root.GetProperty("queued").GetInt32() == 1);

        var root = status.RootElement;
        var clients = root.GetProperty("clients").EnumerateArray().ToDictionary(static client => Text(client, "client"));
        var (busy, queued) = (clients[asking.LocalEndPoint!.ToString()!], clients[waiting.LocalEndPoint!.ToString()!]);
        Assert.Equal((1, 0, "m"), (busy.GetProperty("inFlight").GetInt32(), busy.GetProperty("queued").GetInt32(), Text(busy, "routeId")));
        Assert.Equal((0, 1), (queued.GetProperty("inFlight").GetInt32(), queued.GetProperty("queued").GetInt32()));
        var upstream = Assert.Single(root.GetProperty("upstreams").EnumerateArray());
        Assert.Equal("Ready", Text(upstream, "state"));
        var exchange = Assert.Single(upstream.GetProperty("exchanges").EnumerateArray());
        Assert.Equal(Text(busy, "connectionId"), Text(exchange, "connectionId"));
        Assert.True(exchange.GetProperty("age").GetDouble() >= 0);
        Assert.Equal((0, 0), (Count(root, "errors"), Count(root, "suspendedUnits")));
        gate.Release(2);
        Assert.Equal(("a\n", "b\n"), (await ReadAsync(asking), await ReadAsync(waiting)));
    }

    [Fact]
    public async Task Get_DeviceIsOff_HasTheReasonAndTheTimeOfTheNextAttempt()
    {
        await using var device = Echo();
        device.SwitchOff();
        await using var host = await StartAsync(device.Port, "\"RetryDelay\": \"00:00:20\"");
        using var client = await AskAsync(host, "a\n");

        using var status = await WaitForAsync(host, static root => Count(root, "errors") > 0);

        var now = TimeProvider.System.GetUtcNow();
        var error = Assert.Single(status.RootElement.GetProperty("errors").EnumerateArray());
        Assert.Equal((1, false), (error.GetProperty("times").GetInt32(), string.IsNullOrEmpty(Text(error, "reason"))));
        Assert.InRange(error.GetProperty("at").GetDateTimeOffset(), now.AddMinutes(-5), now);
        Assert.InRange(status.RootElement.GetProperty("retryIn").GetDouble(), 0.001, 20);
    }

    [Fact]
    public async Task Renew_ExchangeInFlight_ItIsAnsweredAndTheNextUsesAnotherConnection()
    {
        using var gate = new SemaphoreSlim(0);
        await using var device = Gated(gate);
        await using var host = await StartAsync(device.Port);
        using var client = await AskAsync(host, "a\n");
        using var before = await WaitForAsync(host, static root => Count(root, "upstreams") == 1 && InFlight(root) == 1);

        Assert.Equal(HttpStatusCode.OK, await SendAsync(host, HttpMethod.Post, $"{One}/renew"));
        gate.Release(2);

        Assert.Equal("a\n", await ReadAsync(client));
        await client.SendAsync("b\n"u8.ToArray());
        Assert.Equal("b\n", await ReadAsync(client));
        Assert.Equal((2, 1), device.Connections);
    }

    [Theory]
    [InlineData("GET", "/api/multiplex/c/other", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/multiplex/c", HttpStatusCode.NotFound)]
    [InlineData("POST", "/api/multiplex/other/d0/renew", HttpStatusCode.NotFound)]
    [InlineData("POST", "/api/multiplex/c/d0/renew", HttpStatusCode.OK)]
    [InlineData("DELETE", "/api/multiplex/c/d0", HttpStatusCode.MethodNotAllowed)]
    public async Task Request_PathAndMethod_HasTheExpectedStatus(string method, string path, HttpStatusCode expected)
    {
        await using var device = Echo();
        await using var host = await StartAsync(device.Port);

        Assert.Equal(expected, await SendAsync(host, new HttpMethod(method), path));
    }

    [Fact]
    public async Task Get_IdsWithASlash_AreFoundByTheEscapedIds()
    {
        await using var device = Echo();
        await using var host = await TestHost.StartAsync(
            Configuration(device.Port)
                .Replace("\"c\"", "\"a/b\"", StringComparison.Ordinal)
                .Replace("\"d0\"", "\"x/y\"", StringComparison.Ordinal)
        );

        using var status = await GetAsync(host, $"/api/multiplex/{Uri.EscapeDataString("a/b")}/{Uri.EscapeDataString("x/y")}");

        Assert.Equal(("a/b", "x/y"), (Text(status.RootElement, "clusterId"), Text(status.RootElement, "destinationId")));
    }

    [Fact]
    public async Task Renew_NotAllowedOrFromAnotherOrigin_IsRefused()
    {
        await using var device = Echo();
        await using var closed = await StartAsync(device.Port, allowChanges: false);
        await using var open = await StartAsync(device.Port);

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(closed, HttpMethod.Post, $"{One}/renew"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(open, HttpMethod.Post, $"{One}/renew", "http://evil.example"));
    }

    public void Dispose() => _http.Dispose();

    private static SimulatedDevice Echo() =>
        new(SimulatedDevice.Line) { OnMessage = static (message, socket) => socket.SendAsync(message) };

    private static SimulatedDevice Gated(SemaphoreSlim gate) =>
        new(SimulatedDevice.Line)
        {
            OnMessage = async (message, socket) =>
            {
                await gate.WaitAsync(Eventually.Limit);
                await socket.SendAsync(message);
            },
        };

    private static Task<TestHost> StartAsync(int port, string cluster = "", bool allowChanges = true) =>
        TestHost.StartAsync(Configuration(port, cluster, allowChanges));

    private static string Configuration(int port, string cluster = "", bool allowChanges = true) =>
        $$"""
            { "Log": { "Access": { "Path": "/dev/null" } },
              "Admin": { "Url": "http://127.0.0.1:0", "AllowChanges": {{(allowChanges ? "true" : "false")}} },
              "ReverseProxy": {
                "TcpRoutes": { "m": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Multiplex" } },
                "Clusters": { "c": {
                  "Destinations": { "d0": { "Address": "tcp://127.0.0.1:{{port}}" } },
                  "Multiplex": { "Protocol": "line"{{(cluster.Length > 0 ? ", " + cluster : "")}} } } } } }
            """;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int Count(JsonElement element, string name) => element.GetProperty(name).GetArrayLength();

    private static int InFlight(JsonElement root) => root.GetProperty("upstreams")[0].GetProperty("inFlight").GetInt32();

    private static async Task<Socket> AskAsync(TestHost host, string request)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Address);
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(request));
        return socket;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[100];
        return System.Text.Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, limit.Token));
    }

    private async Task<JsonDocument> WaitForAsync(TestHost host, Func<JsonElement, bool> fact)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (true)
        {
            var document = await GetAsync(host, One);
            if (fact(document.RootElement))
            {
                return document;
            }

            document.Dispose();
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private async Task<JsonDocument> GetAsync(TestHost host, string path) =>
        JsonDocument.Parse(await _http.GetStringAsync(new Uri(host.Urls.Single(), path)));

    private async Task<HttpStatusCode> SendAsync(TestHost host, HttpMethod method, string path, string? origin = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(host.Urls.Single(), path));
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var answer = await _http.SendAsync(request);
        return answer.StatusCode;
    }
}
