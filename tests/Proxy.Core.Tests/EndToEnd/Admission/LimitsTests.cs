using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Proxy.Admission;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Admission;

/// <summary>Limits of a running proxy, with clients from several addresses of the loopback, and edits.</summary>
public sealed class LimitsTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private readonly Socket _server = Loopback.Listen();
    private readonly List<Socket> _served = [];
    private Multiplexer? _proxy;

    public static TheoryData<string> Transports => [Multiplexer.Portable, Multiplexer.Loops];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_PerSource_TheOtherSourceIsServed(string transport)
    {
        var proxy = await StartAsync(transport, "\"Limits\": { \"MaxConnectionsPerSource\": 1 }");
        using var first = await ServedAsync(proxy, 1);

        Assert.True(await IsRefusedAsync(proxy, 1));
        using var other = await ServedAsync(proxy, 2);
        first.Dispose();
        _served[0].Dispose();
        await Eventually.TrueAsync(() => proxy.Tracker.Count == 1);

        using var again = await ServedAsync(proxy, 1);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_Rate_ByTheClock(string transport)
    {
        var proxy = await StartAsync(transport, "\"Limits\": { \"ConnectionsPerSecond\": 2 }");
        using var first = await ServedAsync(proxy, 1);
        using var second = await ServedAsync(proxy, 2);
        Assert.True(await IsRefusedAsync(proxy, 3));

        _time.Advance(TimeSpan.FromSeconds(0.5));

        await Eventually.TrueAsync(() => proxy.Tracker.Count == 2);
        using var third = await ServedAsync(proxy, 3);
        Assert.True(await IsRefusedAsync(proxy, 3));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_EndpointDenies_ResetBeforeAnythingIsRead(string transport)
    {
        var proxy = await StartAsync(
            transport,
            "\"Limits\": { \"DryRun\": true, \"DenyNetworks\": [\"127.0.0.2\"] }",
            "\"AllowNetworks\": [\"127.0.0.0/24\"], \"DenyNetworks\": [\"127.0.0.3\"]"
        );
        using var allowed = await ServedAsync(proxy, 2);

        Assert.Equal("DenyNetworks", Assert.Single(proxy.Tracker.Open).DryRunLimit);
        Assert.True(await IsRefusedAsync(proxy, 3));
        var gate = Assert.Single(proxy.Service<Limiters>().Endpoints);
        Assert.Equal([new LimitCount("DenyNetworks", false, 1)], gate.Reached);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Edit_LimitsAppearAndChange_OpenConnectionsCountAndStay(string transport)
    {
        var proxy = await StartAsync(transport, "\"Metadata\": {}");
        using var first = await ServedAsync(proxy, 1);
        using var second = await ServedAsync(proxy, 2);

        await proxy.EditAsync(Json("\"Limits\": { \"MaxConnections\": 2 }"));
        Assert.True(await IsRefusedAsync(proxy, 3));
        await Eventually.TrueAsync(() => proxy.Tracker.Count == 2); // without the one that was refused
        await proxy.EditAsync(Json("\"Limits\": { \"MaxConnections\": 3, \"MaxConnectionsPerSource\": 1 }"));
        Assert.True(await IsRefusedAsync(proxy, 1));
        using var third = await ServedAsync(proxy, 3);
        await proxy.EditAsync(Json("\"Metadata\": {}"));
        using var fourth = await ServedAsync(proxy, 1);

        foreach (var client in (Socket[])[first, second, third, fourth])
        {
            await client.SendAsync("still here"u8.ToArray());
        }

        await Eventually.TrueAsync(() => proxy.Tracker.Open.Sum(static record => record.ClientBytes) == 4 * ("still here".Length + 1));
    }

    // The client is accepted by the pipeline without limits, and its route is chosen after the edit.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Edit_FirstLimitsWhileAClientIsExamined_ItIsCounted(string transport)
    {
        var proxy = await StartAsync(transport, "\"Metadata\": {}", match: ", \"Protocols\": [\"Http\"]");
        using var early = await ConnectAsync(proxy, 1);
        await Eventually.TrueAsync(() => proxy.Tracker.Count == 1);
        await proxy.EditAsync(Json("\"Limits\": { \"MaxConnections\": 1 }", match: ", \"Protocols\": [\"Http\"]"));

        await early.SendAsync("GET / HTTP/1.1\r\n"u8.ToArray());
        _served.Add(await _server.AcceptWithinAsync());
        Assert.Equal("GET / HTTP/1.1\r\n", await _served[0].ReadTextAsync(16)); // all of it, so that its end is no reset

        using var late = await ConnectAsync(proxy, 2);
        await late.SendAsync("GET / HTTP/1.1\r\n"u8.ToArray());
        await Eventually.TrueAsync(() => Assert.Single(proxy.Service<Limiters>().Routes).Reached.Single().Count == 1);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    [SuppressMessage("Reliability", "CA2025", Justification = "The task is awaited before the test ends.")]
    public async Task Edit_Bandwidth_OpenConnectionHasIt(string transport)
    {
        var proxy = await StartAsync(transport, "\"Limits\": { \"BytesPerSecondPerConnection\": 1 }");
        using var client = await ConnectAsync(proxy, 1);
        var served = await _server.AcceptWithinAsync();
        _served.Add(served);
        await client.SendAsync(new byte[100_000]);
        await Eventually.TrueAsync(() => Assert.Single(proxy.Service<Limiters>().Routes).Bandwidth.Reached == 1);
        Assert.InRange(Assert.Single(proxy.Tracker.Open).ClientBytes, 0, 1_000);

        await proxy.EditAsync(Json("\"Limits\": { \"MaxConnections\": 5 }"));
        var reading = served.ReadTextAsync(100_000);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(0.1)); // the portable transport looks at each tick
            return reading.IsCompleted;
        });

        Assert.Equal(100_000, (await reading).Length);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The server's ends first: the portable transport would notice the end of the proxy at a tick of the clock only.
    public async Task DisposeAsync()
    {
        _served.ForEach(static socket => socket.Dispose());
        await _proxy!.DisposeAsync();
        _server.Dispose();
    }

    private async Task<Multiplexer> StartAsync(string transport, string route, string endpoint = "\"Backlog\": 100", string match = "")
    {
        _proxy = new Multiplexer(transport, _time);
        await _proxy.EditAsync(Json(route, endpoint, match));
        return _proxy;
    }

    private string Json(string route, string endpoint = "\"Backlog\": 100", string match = "") =>
        $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "edge": { "Address": "127.0.0.1:0", {{endpoint}} } },
                "TcpRoutes": { "r": { "Match": { "Endpoints": ["edge"] {{match}} }, "ClusterId": "c", {{route}} } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "{{_server.Address()}}" } } } } } }
            """;

    private static async Task<Socket> ConnectAsync(Multiplexer proxy, int source)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)source]), 0));
        await socket.ConnectAsync(proxy.Address());
        return socket;
    }

    private async Task<Socket> ServedAsync(Multiplexer proxy, int source)
    {
        var client = await ConnectAsync(proxy, source);
        await client.SendAsync("!"u8.ToArray());
        _served.Add(await _server.AcceptWithinAsync());
        Assert.Equal("!", await _served[^1].ReadTextAsync(1));
        return client;
    }

    private static Task<bool> IsRefusedAsync(Multiplexer proxy, int source) => Loopback.IsResetAsync(() => ConnectAsync(proxy, source));
}
