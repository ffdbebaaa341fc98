using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>A host with a destination that serves and one that refuses every dial, checks off.</summary>
public sealed class ConditionApiTests : IAsyncLifetime
{
    private readonly TcpServer _server = new("hello");
    private TestHost _host = null!;
    private AdminClient _api = null!;

    public async Task InitializeAsync()
    {
        _host = await TestHost.StartAsync(
            $$"""
            { "Admin": { "Url": "http://127.0.0.1:0" }, "ReverseProxy": {
                "TcpRoutes": { "good": { "Listen": "127.0.0.1:0", "ClusterId": "good" }, "bad": { "Listen": "127.0.0.2:0", "ClusterId": "bad" },
                  "full": { "Listen": "127.0.0.3:0", "ClusterId": "good", "Limits": { "MaxConnections": 1 } } },
                "Clusters": {
                  "good": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } } },
                  "bad": { "Tcp": { "ConnectAttempts": 3 }, "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{Ports.Free()}}" } } } } } }
            """
        );
        _api = new(_host);
    }

    [Fact]
    public async Task Conditions_DestinationRefusesEveryDial_EveryConsumerSaysTheSame()
    {
        Assert.Empty(Upstreams(await _api.GetAsync("/api/conditions"), "Degraded", "Down"));
        await FailAsync(); // three dials: they stay the last ones

        var answer = await _api.GetAsync("/api/conditions");
        Assert.Equal("Down", answer.GetProperty("level").GetString());
        Assert.Equal(["Cluster bad", "Destination bad/d"], Upstreams(answer, "Down"));
        var down = Assert.Single(
            answer.GetProperty("conditions").EnumerateArray(),
            static one => one.GetProperty("kind").GetString() == "Destination"
        );
        Assert.Equal(("bad/d", "ConnectFailed", 3), (Text(down, "id"), Text(down, "reason"), down.GetProperty("count").GetInt32()));
        Assert.Contains("refused", Text(down, "lastError"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(
            answer.GetProperty("groups").EnumerateArray(),
            static group => Text(group, "kind") == "Destination" && group.GetProperty("count").GetInt32() == 1
        );

        var cluster = await _api.GetAsync("/api/clusters/bad");
        Assert.Equal("DestinationsDown", Text(cluster.GetProperty("condition"), "reason"));
        var destination = cluster.GetProperty("destinations")[0];
        Assert.Equal("Off", Text(destination, "checks"));
        Assert.Equal(down.ToString(), destination.GetProperty("condition").ToString());
        Assert.Equal("Ok", Text((await _api.GetAsync("/api/routes/good")).GetProperty("condition"), "level"));
        var ready = await _api.GetAsync("/healthz/ready"); // 200: its upstreams are not the host
        Assert.Equal(["Cluster bad", "Destination bad/d"], Upstreams(ready.GetProperty("health"), "Down"));
        Assert.Equal(
            [2],
            (await ScrapeAsync())
                .Where(static line => line.Contains("proxy_condition_id=\"bad/d\"", StringComparison.Ordinal))
                .Select(static line => int.Parse(line[^1..], null))
        );
        Assert.Contains(
            await ScrapeAsync(),
            static line =>
                line.StartsWith("proxy_destination_available{", StringComparison.Ordinal)
                && line.Contains("\"bad\"", StringComparison.Ordinal)
                && line.EndsWith(" 0", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Conditions_EveryClientOfARouteFails_ItIsDown()
    {
        await using var failing = new Repeating(FailAsync);

        await Eventually.TrueAsync(async () =>
            (await _api.GetAsync("/api/routes/bad")).GetProperty("condition") is var route
            && (Text(route, "level"), Text(route, "reason")) == ("Down", "ClientsFail")
        );
        var listed = await _api.GetAsync("/api/conditions?kind=Route&id=bad");
        Assert.Equal("ClientsFail", Text(Assert.Single(listed.GetProperty("conditions").EnumerateArray()), "reason"));
    }

    [Fact]
    public async Task Conditions_LimitRefusesClients_EveryConsumerSaysTheSame()
    {
        var full = _host.AddressOf("127.0.0.3");
        using var served = await TcpClientSocket.ConnectAsync(full);
        Assert.Equal("hello", await served.ReadAsync());
        await using var refused = new Repeating(async () =>
        {
            try
            {
                using var client = await TcpClientSocket.ConnectAsync(full);
                await client.ReadAsync();
            }
            catch (SocketException)
            {
                // It is reset, before or after it is connected.
            }
        });

        await Eventually.TrueAsync(async () =>
            (await _api.GetAsync("/api/conditions?kind=Limit")).GetProperty("conditions").GetArrayLength() > 0
        );
        var limit = (await _api.GetAsync("/api/conditions?id=full/MaxConnections")).GetProperty("conditions")[0];
        Assert.Equal(("Limit", "Degraded", "LimitReached"), (Text(limit, "kind"), Text(limit, "level"), Text(limit, "reason")));
        Assert.Matches("^MaxConnections 1: [1-9][0-9]* clients? refused in the last minute$", Text(limit, "lastError"));
        Assert.Equal("Ok", Text((await _api.GetAsync("/api/routes/full")).GetProperty("condition"), "level")); // its clients are served
        await Eventually.TrueAsync(async () =>
            (await ScrapeAsync()).Any(static line =>
                line.Contains("proxy_condition_id=\"full/MaxConnections\"", StringComparison.Ordinal)
                && line.Contains("=\"Limit\"", StringComparison.Ordinal)
                && line.EndsWith(" 1", StringComparison.Ordinal)
            )
        );
        var ready = await _api.GetAsync("/healthz/ready");
        Assert.Contains(
            ready.GetProperty("health").GetProperty("conditions").EnumerateArray(),
            static one => Text(one, "id") == "full/MaxConnections"
        );
    }

    [Fact]
    public async Task Conditions_AllKindAndId_Choose()
    {
        await FailAsync();

        var all = await _api.GetAsync("/api/conditions?all=true&kind=route");
        Assert.Equal(["bad", "full", "good"], all.GetProperty("conditions").EnumerateArray().Select(static one => Text(one, "id")));
        var one = await _api.GetAsync("/api/conditions?kind=Destination&id=GOOD/D");
        Assert.Equal("NotChecked", Text(Assert.Single(one.GetProperty("conditions").EnumerateArray()), "reason"));
        var degraded = await _api.GetAsync("/api/conditions?kind=Route&level=degraded");
        Assert.Equal(["bad"], degraded.GetProperty("conditions").EnumerateArray().Select(static one => Text(one, "id")));
        var ok = await _api.GetAsync("/api/conditions?kind=Route&level=ok");
        Assert.Equal(["full", "good"], ok.GetProperty("conditions").EnumerateArray().Select(static one => Text(one, "id")));
        Assert.Contains(
            "Degraded",
            await _api.ErrorAsync(HttpStatusCode.BadRequest, HttpMethod.Get, "/api/conditions?level=warm"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'3'",
            await _api.ErrorAsync(HttpStatusCode.BadRequest, HttpMethod.Get, "/api/conditions?kind=3"),
            StringComparison.Ordinal
        );
        var error = await _api.ErrorAsync(HttpStatusCode.BadRequest, HttpMethod.Get, "/api/conditions?kind=weather");
        Assert.Contains("Destination", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_ClientFailed_EndWithItsConnectionAndSamples()
    {
        await FailAsync();

        var history = await _api.GetAsync("/api/history");

        var end = Assert.Single(history.GetProperty("ends").EnumerateArray());
        Assert.Equal(
            ("ConnectFailed", "bad", "bad", "d"),
            (Text(end, "outcome"), Text(end, "route"), Text(end, "cluster"), Text(end, "destination"))
        );
        Assert.StartsWith("127.0.0.1:", Text(end, "client"), StringComparison.Ordinal);
        Assert.Equal(2, history.GetProperty("interval").GetDouble());
        await Eventually.TrueAsync(async () =>
            (await _api.GetAsync("/api/history"))
                .GetProperty("samples")
                .EnumerateArray()
                .Any(static one => one.GetProperty("failed").GetInt64() == 1)
        );
    }

    public async Task DisposeAsync()
    {
        _api.Dispose();
        await _host.DisposeAsync();
        _server.Dispose();
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    // Conditions of resources are those of the process, which other tests use, too; that of the route is about the last minute.
    private static IEnumerable<string> Upstreams(JsonElement health, params string[] levels) =>
        health
            .GetProperty("conditions")
            .EnumerateArray()
            .Where(one => Text(one, "kind") is "Cluster" or "Destination" && levels.Contains(Text(one, "level")))
            .Select(static one => $"{Text(one, "kind")} {Text(one, "id")}")
            .Order(StringComparer.Ordinal);

    private async Task<string[]> ScrapeAsync() => (await _api.SendAsync(HttpMethod.Get, "/metrics")).Body.Split('\n');

    private async Task FailAsync()
    {
        using (var client = await TcpClientSocket.ConnectAsync(_host.AddressOf("127.0.0.2")))
        {
            Assert.Null(await client.ReadAsync());
        }

        await Eventually.TrueAsync(() => _host.Tracker.Count == 0);
    }
}
