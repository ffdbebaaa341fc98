using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Proxy.Host.Tests.EndToEnd.Locking;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>The API of locks: what it shows and changes.</summary>
public sealed class LockApiTests : IDisposable
{
    private readonly HttpClient _http = new();

    [Fact]
    public async Task Get_HolderAndQueue_Listed()
    {
        await using var service = new CountingServer();
        await using var host = await StartAsync(service.Port);
        var clients = await ConnectAsync(host, 3);

        using var one = await WaitForAsync(host, static root => root.GetProperty("waiting").GetArrayLength() == 2);

        var root = one.RootElement;
        Assert.Equal(
            ("office", 1, false),
            (root.GetProperty("routeId").GetString(), root.GetProperty("permits").GetInt32(), root.GetProperty("isPaused").GetBoolean())
        );
        var holder = Assert.Single(root.GetProperty("holding").EnumerateArray());
        Assert.Equal(clients[0].LocalEndPoint!.ToString(), holder.GetProperty("client").GetString());
        Assert.Equal(("Serving", "d0"), (holder.GetProperty("phase").GetString(), holder.GetProperty("destinationId").GetString()));
        Assert.Equal(
            clients.Skip(1).Select(static client => client.LocalEndPoint!.ToString()),
            root.GetProperty("waiting").EnumerateArray().Select(static client => client.GetProperty("client").GetString())
        );
        using var all = await GetAsync(host, "/api/locks");
        Assert.Equal("office", Assert.Single(all.RootElement.EnumerateArray()).GetProperty("routeId").GetString());
        clients.ForEach(static client => client.Dispose());
    }

    [Fact]
    public async Task Delete_WaiterThenHolder_BothResetAndTheNextServed()
    {
        await using var service = new CountingServer();
        await using var host = await StartAsync(service.Port);
        var clients = await ConnectAsync(host, 3);
        using var before = await WaitForAsync(host, static root => root.GetProperty("waiting").GetArrayLength() == 2);

        await Eventually.TrueAsync(() => service.Said.Count == 1); // else what the holder has sent may go with its connection

        await DeleteAsync(host, before.RootElement.GetProperty("waiting")[0]);
        await DeleteAsync(host, before.RootElement.GetProperty("holding")[0]);

        await Assert.ThrowsAsync<SocketException>(() => clients[1].ReceiveAsync(new byte[1]).WaitAsync(Eventually.Limit));
        Assert.Equal(1, await clients[2].ReceiveAsync(new byte[1]).WaitAsync(Eventually.Limit));
        Assert.Equal((byte[])[0, 2], service.Said);
        clients.ForEach(static client => client.Dispose());
    }

    [Fact]
    public async Task Pause_ThenResume_AdmissionStopsAndContinues()
    {
        await using var service = new CountingServer();
        await using var host = await StartAsync(service.Port);
        Assert.Equal("Paused", await ReasonAfterAsync(host, "/api/locks/office/pause"));
        var clients = await ConnectAsync(host, 1);
        using var paused = await WaitForAsync(host, static root => root.GetProperty("waiting").GetArrayLength() == 1);
        Assert.True(paused.RootElement.GetProperty("isPaused").GetBoolean());

        Assert.Equal("None", await ReasonAfterAsync(host, "/api/locks/office/resume"));

        Assert.Equal(1, await clients[0].ReceiveAsync(new byte[1]).WaitAsync(Eventually.Limit));
        clients[0].Dispose();
    }

    [Fact]
    public async Task Permits_Changed_ApplyUntilTheNextEdit()
    {
        await using var service = new CountingServer();
        await using var host = await StartAsync(service.Port);
        var clients = await ConnectAsync(host, 2);

        Assert.Equal(HttpStatusCode.OK, await SendAsync(host, HttpMethod.Put, "/api/locks/office/permits", """{ "permits": 2 }"""));
        await Eventually.TrueAsync(() => service.Now == 2);
        await host.EditAsync(Configuration(service.Port, "\"QueueLimit\": 7"));

        using var after = await GetAsync(host, "/api/locks/office");
        Assert.Equal((1, 7), (after.RootElement.GetProperty("permits").GetInt32(), after.RootElement.GetProperty("queueLimit").GetInt32()));
        clients.ForEach(static client => client.Dispose());
    }

    [Theory]
    [InlineData("PUT", "/api/locks/office/permits", "{ \"permits\": 0 }", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/locks/office/permits", "{ bad", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/api/locks/nobody/permits", "{ \"permits\": 1 }", HttpStatusCode.NotFound)]
    [InlineData("POST", "/api/locks/nobody/pause", "", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/api/connections/FFFFFFFF", "", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/api/locks/office", "", HttpStatusCode.MethodNotAllowed)]
    public async Task Change_InvalidRequest_IsRefused(string method, string path, string body, HttpStatusCode expected)
    {
        await using var service = new CountingServer();
        await using var host = await StartAsync(service.Port);

        Assert.Equal(expected, await SendAsync(host, new HttpMethod(method), path, body));
    }

    [Fact]
    public async Task Get_IdWithASlash_IsFoundByTheEscapedId()
    {
        await using var service = new CountingServer();
        await using var host = await TestHost.StartAsync(
            Configuration(service.Port).Replace("\"office\"", "\"a/b\"", StringComparison.Ordinal)
        );

        using var status = await GetAsync(host, $"/api/locks/{Uri.EscapeDataString("a/b")}");

        Assert.Equal("a/b", status.RootElement.GetProperty("routeId").GetString());
    }

    [Fact]
    public async Task Change_NotAllowedOrFromAnotherOrigin_IsRefused()
    {
        await using var service = new CountingServer();
        await using var closed = await StartAsync(service.Port, allowChanges: false);
        await using var open = await StartAsync(service.Port);

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(closed, HttpMethod.Post, "/api/locks/office/pause"));
        Assert.Equal(
            HttpStatusCode.Forbidden,
            await SendAsync(open, HttpMethod.Post, "/api/locks/office/pause", "", "http://evil.example")
        );
        Assert.Equal(
            HttpStatusCode.OK,
            await SendAsync(open, HttpMethod.Post, "/api/locks/office/pause", "", open.Urls.Single().GetLeftPart(UriPartial.Authority))
        );
    }

    [Fact]
    public async Task Metrics_HolderAndWaiters_Counted()
    {
        await using var service = new CountingServer();
        await using var host = await StartAsync(service.Port);
        var clients = await ConnectAsync(host, 3);
        using var waiting = await WaitForAsync(host, static root => root.GetProperty("waiting").GetArrayLength() == 2);

        var metrics = await _http.GetStringAsync(new Uri(host.Urls.Single(), "/metrics"));

        Assert.Contains(
            "proxy_lock_waiting{proxy_route_id=\"office\"",
            metrics.Replace("otel_scope_name=\"Proxy\",", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.Contains("proxy_lock_wait_duration_seconds_count", metrics, StringComparison.Ordinal);
        clients.ForEach(static client => client.Dispose());
    }

    public void Dispose() => _http.Dispose();

    private static Task<TestHost> StartAsync(int port, bool allowChanges = true) =>
        TestHost.StartAsync(Configuration(port, "", allowChanges));

    private static string Configuration(int port, string settings = "", bool allowChanges = true) =>
        $$"""
            { "Log": { "Access": { "Path": "/dev/null" } },
              "Admin": { "Url": "http://127.0.0.1:0", "AllowChanges": {{(allowChanges ? "true" : "false")}} },
              "ReverseProxy": {
                "TcpRoutes": { "office": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Lock", "Lock": { {{settings}} } } },
                "Clusters": { "c": {{Json.Cluster(port)}} } } }
            """;

    /// <summary>Clients that connected one after the other and have each sent their number.</summary>
    private static async Task<List<Socket>> ConnectAsync(TestHost host, int count)
    {
        var clients = new List<Socket>();
        for (var i = 0; i < count; i++)
        {
            clients.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await clients[i].ConnectAsync(host.Address);
            await clients[i].SendAsync(new[] { (byte)i });
        }

        return clients;
    }

    private async Task<JsonDocument> WaitForAsync(TestHost host, Func<JsonElement, bool> fact)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (true)
        {
            var document = await GetAsync(host, "/api/locks/office");
            if (
                fact(document.RootElement)
                && document
                    .RootElement.GetProperty("holding")
                    .EnumerateArray()
                    .All(static x => x.GetProperty("phase").GetString() == "Serving")
            )
            {
                return document;
            }

            document.Dispose();
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private async Task<JsonDocument> GetAsync(TestHost host, string path) =>
        JsonDocument.Parse(await _http.GetStringAsync(new Uri(host.Urls.Single(), path)));

    private async Task DeleteAsync(TestHost host, JsonElement client) =>
        Assert.Equal(
            HttpStatusCode.NoContent,
            await SendAsync(
                host,
                HttpMethod.Delete,
                string.Create(CultureInfo.InvariantCulture, $"/api/connections/{client.GetProperty("connectionId").GetString()}")
            )
        );

    // The condition in the answer is that of the lock as the request has left it.
    private async Task<string?> ReasonAfterAsync(TestHost host, string path)
    {
        using var answer = await _http.PostAsync(new Uri(host.Urls.Single(), path), null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var root = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return root.RootElement.GetProperty("condition").GetProperty("reason").GetString();
    }

    private async Task<HttpStatusCode> SendAsync(TestHost host, HttpMethod method, string path, string body = "", string? origin = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(host.Urls.Single(), path));
        if (body.Length > 0)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var answer = await _http.SendAsync(request);
        return answer.StatusCode;
    }
}
