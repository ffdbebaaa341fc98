using System.Text;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>HTTP/1.1 through the multiplexer: whose reply is whose, and who ends which connection.</summary>
public sealed class HttpTests : SessionTestBase
{
    private const string Http = "\"Protocol\": \"http1\"";

    public override Task InitializeAsync()
    {
        Device = Add(new Device(Device.Http));
        Device.OnMessage = static (message, peer) => peer.SendAsync(Ok(Path(message)));
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_PipelinedByTwoClients_EachItsOwnRepliesInOrder(string transport)
    {
        await StartAsync(transport, Http);
        using var one = await Multiplexer.ConnectAsync();
        using var two = await Multiplexer.ConnectAsync();

        await one.SendAsync(string.Concat(Enumerable.Range(0, 30).Select(static number => Get($"/one/{number}"))));
        await two.SendAsync(string.Concat(Enumerable.Range(0, 30).Select(static number => Get($"/two/{number}"))));

        for (var number = 0; number < 30; number++)
        {
            await SaysAsync(one, Ok($"/one/{number}"));
            await SaysAsync(two, Ok($"/two/{number}"));
        }

        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_RepliesWithoutBody_TheNextReplyFollows(string transport)
    {
        Device.OnMessage = static (message, peer) =>
            peer.SendAsync(
                Path(message) switch
                {
                    "/head" => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                    "/none" => "HTTP/1.1 204 No Content\r\n\r\n",
                    "/same" => "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
                    var path => Ok(path),
                }
            );
        await StartAsync(transport, Http);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync("HEAD /head HTTP/1.1\r\n\r\n" + Get("/1") + Get("/none") + Get("/2") + Get("/same") + Get("/3"));

        await SaysAsync(client, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + Ok("/1"));
        await SaysAsync(client, "HTTP/1.1 204 No Content\r\n\r\n" + Ok("/2"));
        await SaysAsync(client, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n" + Ok("/3"));
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_InterimRepliesOctetByOctet_PassWithTheirFinalOne(string transport)
    {
        const string Reply =
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nSum: 1\r\n\r\n";
        Device.OnMessage = static async (message, peer) =>
        {
            foreach (var octet in Reply)
            {
                await peer.SendAsync(octet.ToString());
            }
        };
        await StartAsync(transport, Http);
        using var one = await Multiplexer.ConnectAsync();
        using var two = await Multiplexer.ConnectAsync();

        await Task.WhenAll(one.SendAsync(Get("/")), two.SendAsync(Get("/")));

        await SaysAsync(one, Reply);
        await SaysAsync(two, Reply);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ExpectContinue_BehindAnotherRequest_IsToldInItsTurnAndTheBodyPassesWhole(string transport)
    {
        await StartAsync(transport, Http);
        using var gate = Gate();
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();
        var head = "PUT /put HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
        await client.SendAsync(Get("/first") + head);
        gate.Release();
        await SaysAsync(client, Ok("/first") + "HTTP/1.1 100 Continue\r\n\r\n");

        // One who is slow with its body holds up nobody.
        gate.Release(2);
        await other.SendAsync(Get("/other"));
        await SaysAsync(other, Ok("/other"));
        await client.SendAsync("hello");

        await SaysAsync(client, Ok("/put"));
        Assert.Equal(head + "hello", Encoding.Latin1.GetString(Device.Messages.Last()));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_ByTheClient_IsItsOwnEndAndOthersAreServed(string transport)
    {
        Device.OnMessage = static async (message, peer) =>
        {
            await peer.SendAsync(Ok(Path(message)));
            if (Text(message).Contains("close", StringComparison.Ordinal))
            {
                peer.End();
            }
        };
        await StartAsync(transport, Http);
        using var stays = await Multiplexer.ConnectAsync();
        using var leaves = await Multiplexer.ConnectAsync();
        await stays.SendAsync(Get("/1"));
        await SaysAsync(stays, Ok("/1"));

        await leaves.SendAsync(Get("/2", "Connection: close\r\n") + Get("/never"));
        await SaysAsync(leaves, Ok("/2"));
        Assert.Equal("", await leaves.ReadEndAsync());

        await stays.SendAsync(Get("/3"));
        await SaysAsync(stays, Ok("/3"));
        Assert.Equal(["/1", "/2", "/3"], Device.Messages.Select(Path));
        Assert.Equal(2, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "Connection: close\r\n", "Content-Length: 4\r\n\r\nbody")]
    [InlineData(Multiplexer.Loops, "Connection: close\r\n", "Content-Length: 4\r\n\r\nbody")]
    [InlineData(Multiplexer.Portable, "", "\r\nas long as it lasts")]
    [InlineData(Multiplexer.Loops, "", "\r\nas long as it lasts")]
    public async Task Close_ByTheServer_IsThatClientsEndAndOthersAreServed(string transport, string field, string rest)
    {
        var last = $"HTTP/1.1 200 OK\r\n{field}{rest}";
        Device.OnMessage = async (message, peer) =>
        {
            await peer.SendAsync(Path(message) == "/last" ? last : Ok(Path(message)));
            if (Path(message) == "/last")
            {
                peer.End();
            }
        };
        await StartAsync(transport, Http);
        using var stays = await Multiplexer.ConnectAsync();
        using var leaves = await Multiplexer.ConnectAsync();
        await stays.SendAsync(Get("/1"));
        await SaysAsync(stays, Ok("/1"));

        await leaves.SendAsync(Get("/last"));
        await SaysAsync(leaves, last);
        Assert.Equal("", await leaves.ReadEndAsync());

        await stays.SendAsync(Get("/2"));
        await SaysAsync(stays, Ok("/2"));
        Assert.Equal(2, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Server_ClosesMidReply_SafeRequestIsAskedAgainAndAnotherFails(string transport)
    {
        var cuts = 0;
        Device.OnMessage = async (message, peer) =>
        {
            if (Path(message) != "/cut" || cuts++ >= 2)
            {
                await peer.SendAsync(Ok(Path(message)));
                return;
            }

            await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all");
            peer.End();
        };
        await StartAsync(transport, Http);
        using var good = await Multiplexer.ConnectAsync();
        using var bad = await Multiplexer.ConnectAsync();
        await good.SendAsync(Get("/1"));
        await SaysAsync(good, Ok("/1"));

        await bad.SendAsync("POST /cut HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
        await SaysAsync(bad, GatewayTimeout);
        await good.SendAsync(Get("/2"));
        await SaysAsync(good, Ok("/2"));
        await bad.SendAsync(Get("/cut"));

        await SaysAsync(bad, Ok("/cut"));
        await good.SendAsync(Get("/3"));
        await SaysAsync(good, Ok("/3"));
        Assert.Equal(["/1", "/cut", "/2", "/cut", "/cut", "/3"], Device.Messages.Select(Path));
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]
    [InlineData(Multiplexer.Loops, "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]
    [InlineData(Multiplexer.Portable, "CONNECT a:443 HTTP/1.1\r\n\r\n")]
    [InlineData(Multiplexer.Loops, "CONNECT a:443 HTTP/1.1\r\n\r\n")]
    [InlineData(Multiplexer.Portable, "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Multiplexer.Loops, "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Multiplexer.Portable, "\u0016\u0003\u0001\r\n")]
    [InlineData(Multiplexer.Loops, "\u0016\u0003\u0001\r\n")]
    public async Task Client_AsksWhatIsRefused_IsToldAfterItsRepliesAndOthersNoticeNothing(string transport, string refused)
    {
        await StartAsync(transport, Http);
        using var good = await Multiplexer.ConnectAsync();
        using var bad = await Multiplexer.ConnectAsync();

        await bad.SendAsync(Get("/before") + refused);

        await SaysAsync(bad, Ok("/before") + "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("", await bad.ReadEndAsync());
        await good.SendAsync(Get("/good"));
        await SaysAsync(good, Ok("/good"));
        Assert.Equal(["/before", "/good"], Device.Messages.Select(Path));
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Client_LeavesMidRequest_NothingOfItIsSent(string transport)
    {
        await StartAsync(transport, Http);
        using var good = await Multiplexer.ConnectAsync();
        using var ends = await Multiplexer.ConnectAsync();
        using var resets = await Multiplexer.ConnectAsync();
        const string Half = "POST /half HTTP/1.1\r\nContent-Length: 100\r\n\r\nnot all";

        await ends.SendAsync(Get("/whole") + Half);
        ends.End();
        await resets.SendAsync(Half);
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Any(static record => record.ClientBytes == Half.Length));
        resets.Reset();

        await SaysAsync(ends, Ok("/whole"));
        Assert.Equal("", await ends.ReadEndAsync());
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 1);
        await good.SendAsync(Get("/good"));
        await SaysAsync(good, Ok("/good"));
        Assert.Equal(["/whole", "/good"], Device.Messages.Select(Path));
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Multiplexer.Loops, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Multiplexer.Portable, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")]
    [InlineData(Multiplexer.Loops, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")]
    [InlineData(Multiplexer.Portable, "220 mail.example.com ESMTP\r\n")]
    [InlineData(Multiplexer.Loops, "220 mail.example.com ESMTP\r\n")]
    public async Task Server_TalksNonsense_ClientIsToldAndTheConnectionRenewed(string transport, string nonsense)
    {
        Device.OnMessage = (message, peer) => peer.SendAsync(Path(message) == "/bad" ? nonsense : Ok(Path(message)));
        await StartAsync(transport, Http);
        using var good = await Multiplexer.ConnectAsync();
        using var bad = await Multiplexer.ConnectAsync();
        await good.SendAsync(Get("/1"));
        await SaysAsync(good, Ok("/1"));

        await bad.SendAsync(Get("/bad"));
        await SaysAsync(bad, BadGateway);
        await OpenAsync(0);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);

        await bad.SendAsync(Get("/2"));
        await SaysAsync(bad, Ok("/2"));
        await good.SendAsync(Get("/3"));
        await SaysAsync(good, Ok("/3"));
        Assert.Equal(2, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Failures_HaveTheirStatus(string transport)
    {
        await StartAsync(transport, Http + """, "ResponseTimeout": "00:00:20" """, """ "QueueLimit": 1, "QueueTimeout": "00:00:05" """);
        using var gate = Gate();
        using var first = await Multiplexer.ConnectAsync();
        using var second = await Multiplexer.ConnectAsync();
        using var third = await Multiplexer.ConnectAsync();
        await first.SendAsync(Get("/1"));
        await SentAsync(1);
        await second.SendAsync(Get("/2"));
        await QueuedAsync(1);
        await third.SendAsync(Get("/3"));
        await SaysAsync(third, ServiceUnavailable); // the queue is full

        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        await SaysAsync(second, ServiceUnavailable); // waited too long for its turn
        Time.Advance(TimeSpan.FromSeconds(15));
        await SaysAsync(first, GatewayTimeout);

        gate.Release();
        await OpenAsync(0);
        await Device.DisposeAsync();
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        await third.SendAsync(Get("/4"));
        await SaysAsync(third, BadGateway); // nobody there
        Assert.Equal(["/1"], Device.Messages.Select(Path));
    }

    private const string BadGateway = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
    private const string ServiceUnavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    private const string GatewayTimeout = "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n";

    private static string Get(string path, string fields = "") => $"GET {path} HTTP/1.1\r\nHost: device\r\n{fields}\r\n";

    private static string Ok(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static string Text(byte[] message) => Encoding.Latin1.GetString(message);

    private static string Path(byte[] message) => Text(message).Split(' ')[1];

    private static async Task SaysAsync(MultiplexPeer client, string expected) =>
        Assert.Equal(expected, Encoding.Latin1.GetString(await client.ReadAsync(expected.Length)));
}
