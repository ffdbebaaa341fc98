using System.Net;
using System.Net.Sockets;
using Proxy.Core.Tests.Peeking;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Tls.Termination;

public sealed class HandshakeGateTests
{
    private const string Patient = "\"HandshakeTimeout\": \"00:10:00\""; // of clients that stay in their handshakes until the test ends them

    public static TheoryData<string> Transports => TlsEdge.Transports;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Enter_Full_OthersWaitInOrderAndOneThatLeavesGivesItsPlace(string transport)
    {
        await using var edge = await StartAsync(transport, 1);
        using var stalled = await StalledAsync(edge, waiting: 0);
        using var leaving = await StalledAsync(edge, waiting: 1);
        var second = edge.HandshakeAsync(key: "edge");
        await Eventually.TrueAsync(() => edge.Gate("edge") == (1, 2));
        using var third = await StalledAsync(edge, waiting: 3);
        Assert.Equal(0, leaving.Available); // it is not answered

        leaving.Dispose();
        await Eventually.TrueAsync(() => edge.Gate("edge") == (1, 2));
        Assert.False(second.IsCompleted);
        stalled.Dispose();

        await using (var client = await second.WaitAsync(Eventually.Limit))
        {
            Assert.Equal("r", await TlsEdge.ServedByAsync(client));
        }

        await Eventually.TrueAsync(() => edge.Gate("edge") == (1, 0)); // that of the third, which does not answer
        third.Dispose();
        await edge.EndedAsync();
        Assert.Equal((0, 0), edge.Gate("edge"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Enter_Waited_CountsWithinHandshakeTimeout(string transport)
    {
        var time = new ManualTime();
        await using var edge = await StartAsync(transport, 1, time);
        using var stalled = await StalledAsync(edge, waiting: 0);
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(5));
        using var waiting = await StalledAsync(edge, waiting: 1);
        var record = edge.Open.OrderBy(static one => one.Elapsed).First();

        time.Advance(TimeSpan.FromSeconds(5)); // ends the first, whose place is free then

        Assert.True((await stalled.ReadToEndAsync()).Reset);
        await Eventually.TrueAsync(() => edge.Gate("edge") == (1, 0));
        await TlsTerminatorTests.ReadFlightAsync(waiting); // it has not only been given the place, but goes on
        using var last = await StalledAsync(edge, waiting: 1);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.True((await waiting.ReadToEndAsync()).Reset);
        Assert.Equal("TimedOut", record.TlsFailure);
        Assert.Equal(ConnectionOutcome.TlsFailed, record.Outcome);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Enter_WaitsForAllItsTime_TlsFailed(string transport)
    {
        var time = new ManualTime();
        await using var edge = await StartAsync(transport, 1, time);
        using var first = await StalledAsync(edge, waiting: 0);
        using var second = await StalledAsync(edge, waiting: 1);
        await Eventually.TrueAsync(() => edge.Gate("edge") == (1, 1));
        var records = edge.Open;

        time.Advance(TimeSpan.FromSeconds(10));

        await edge.EndedAsync([.. records]);
        Assert.All(records, static record => Assert.Equal(ConnectionOutcome.TlsFailed, record.Outcome));
        Assert.Equal((0, 0), edge.Gate("edge"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Enter_SilentClients_TakeNoPlace(string transport)
    {
        await using var edge = await StartAsync(transport, 1);
        using var silent = await edge.ConnectAsync("edge");
        using var another = await edge.ConnectAsync("edge");
        await Eventually.TrueAsync(() => edge.Open.Count == 2);

        await using var client = await edge.HandshakeAsync(key: "edge");

        Assert.Equal("r", await TlsEdge.ServedByAsync(client));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Enter_PartsOfHellos_TakeNoPlace(string transport)
    {
        await using var edge = await StartAsync(transport, 1);
        using var half = await edge.ConnectAsync("edge");
        await half.SendAsync(Hellos.OpenSsl.AsMemory(0, 20));
        await Eventually.TrueAsync(() => edge.Open.Count == 1);

        await using var client = await edge.HandshakeAsync(key: "edge");

        Assert.Equal("r", await TlsEdge.ServedByAsync(client));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Enter_OneSourceHasAllPlaces_OthersComeFirst(string transport)
    {
        await using var edge = await StartAsync(transport, 4);
        var stalled = new List<Socket>();
        for (var i = 1; i <= 7; i++)
        {
            stalled.Add(await edge.ConnectAsync("edge"));
            await stalled[^1].SendAsync(Hellos.OpenSsl);
            await Eventually.TrueAsync(() => edge.Gate("edge") == (Math.Min(i, 4), Math.Max(0, i - 4)));
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await socket.ConnectAsync(edge.Proxy.Address("edge"));
        var other = edge.HandshakeAsync(over: new NetworkStream(socket, ownsSocket: true));
        await Eventually.TrueAsync(() => edge.Gate("edge") == (4, 4));
        stalled[0].Dispose();

        await using (var client = await other.WaitAsync(Eventually.Limit))
        {
            Assert.Equal("r", await TlsEdge.ServedByAsync(client));
        }

        await Eventually.TrueAsync(() => edge.Gate("edge") == (4, 2)); // its place goes to one of those that wait
        stalled.ForEach(static one => one.Dispose());
        await edge.EndedAsync();
        Assert.Equal((0, 0), edge.Gate("edge"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Limit_EditedUp_ThoseThatWaitedGoOn(string transport)
    {
        await using var edge = await StartAsync(transport, 1);
        using var stalled = await StalledAsync(edge, waiting: 0);
        var second = edge.HandshakeAsync(key: "edge");
        await Eventually.TrueAsync(() => edge.Gate("edge") == (1, 1));

        await edge.EditAsync(
            TlsEdge.Route(edge.Authority, "r", TlsTerminatorTests.Place("edge"), Patient),
            TlsTerminatorTests.Endpoint("edge", "\"MaxConcurrentHandshakes\": 2")
        );

        await using var client = await second.WaitAsync(Eventually.Limit);
        Assert.Equal("r", await TlsEdge.ServedByAsync(client));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Enter_ThousandsHalfOpen_OthersAreServedAndLittleIsHeld(string transport)
    {
        const int Clients = 2_000; // each costs this process two descriptors, and a ClientHello that is answered
        await using var edge = await TlsEdge.StartAsync(
            transport,
            static authority =>
                string.Join(
                    ", ",
                    TlsEdge.Route(authority, "r", TlsTerminatorTests.Place("edge"), Patient),
                    TlsEdge.Route(authority, "a", TlsTerminatorTests.Place("other"), Patient)
                ),
            $"{TlsTerminatorTests.Endpoint("edge", "\"MaxConcurrentHandshakes\": 100")}, {TlsTerminatorTests.Endpoint("other")}"
        );
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < Clients; i++)
            {
                var client = await edge.ConnectAsync("edge");
                clients.Add(client);
                await client.SendAsync(Hellos.OpenSsl);
            }

            await Eventually.TrueAsync(() => edge.Gate("edge") == (100, Clients - 100));

            await using var other = await edge.HandshakeAsync(TlsEdge.For("a.example.com"), "other");
            Assert.Equal("a", await TlsEdge.ServedByAsync(other));
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }

        await edge.EndedAsync();
        Assert.Equal((0, 0), edge.Gate("edge"));
    }

    private static Task<TlsEdge> StartAsync(string transport, int limit, TimeProvider? time = null) =>
        TlsEdge.StartAsync(
            transport,
            authority => TlsEdge.Route(authority, "r", TlsTerminatorTests.Place("edge"), time is null ? Patient : ""),
            TlsTerminatorTests.Endpoint("edge", $"\"MaxConcurrentHandshakes\": {limit}"),
            time
        );

    // A client that sends its ClientHello and nothing more.
    private static async Task<Socket> StalledAsync(TlsEdge edge, int waiting)
    {
        var client = await edge.ConnectAsync("edge");
        await client.SendAsync(Hellos.OpenSsl);
        await Eventually.TrueAsync(() => edge.Gate("edge") == (1, waiting));
        return client;
    }
}
