using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Text;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Bodies that are too long to be kept whole: they pass in parts while the exchange has its turn.</summary>
public sealed class BodyTests : SessionTestBase
{
    private const int Budget = 1024 * 1024;
    private const int Long = 8_000_000;
    private const string Patient = """ "QueueTimeout": "10:00:00" """;
    private static readonly string _http = $"\"Protocol\": \"http1\", \"ResponseTimeout\": \"10:00:00\", \"MaxBufferedBytes\": {Budget}";
    private static readonly byte[] _body = BodyServer.Big(Long);

    private BodyServer Server { get; set; } = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Server = Add(new BodyServer());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    [SuppressMessage("Reliability", "CA2025", Justification = "The task is awaited before the test ends.")]
    public async Task Upload_Long_ArrivesUnchangedInLittleMemoryAndTheConnectionsGoOn(string transport)
    {
        await StartAsync(transport);
        using var client = await Multiplexer.ConnectAsync();
        var sending = SendAllAsync(client, [.. Head("/up", _body.Length), .. _body, .. Text("GET /next HTTP/1.1\r\n\r\n")]);
        var most = 0L;
        while (!Server.Whole.Contains("/up"))
        {
            most = Math.Max(most, Buffered);
            await Task.Yield();
        }

        await sending.WaitAsync(Eventually.Limit);
        await SaysAsync(client, BodyServer.Ok(BodyServer.Hash(_body)));
        await SaysAsync(client, BodyServer.Ok(BodyServer.Hash([])));
        Assert.InRange(most, 0, Budget);
        Assert.Equal(1, Server.Connections);
        await Eventually.TrueAsync(() => Buffered == 0);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upload_ChunksInPiecesOfAnySize_ArriveUnchanged(string transport)
    {
        await StartAsync(transport);
        using var client = await Multiplexer.ConnectAsync();
        var body = BodyServer.Big(300_000);
        var message = new List<byte>(Text("PUT /up HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"));
        for (var (at, size) = (0, 1); at < body.Length; at += size, size = Math.Min((size * 3) + 1, body.Length - at))
        {
            message.AddRange([.. Text($"{size:x}\r\n"), .. body.AsSpan(at, size), .. "\r\n"u8]);
        }

        message.AddRange(Text("0\r\n\r\n"));
        var bytes = message.ToArray();
        for (var at = 0; at < bytes.Length; at += 7001)
        {
            await client.SendAsync(bytes[at..Math.Min(bytes.Length, at + 7001)]);
        }

        await SaysAsync(client, BodyServer.Ok(BodyServer.Hash(body)));
        await client.SendAsync("GET /next HTTP/1.1\r\n\r\n");
        await SaysAsync(client, BodyServer.Ok(BodyServer.Hash([])));
        Assert.Equal(1, Server.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Download_ClientReadsLate_PassesInLittleMemoryAndUnchanged(string transport)
    {
        await StartAsync(transport);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync($"GET /big?{30_000_000} HTTP/1.1\r\n\r\n");

        // The kernels take some, the rest is not read from the server.
        await Eventually.TrueAsync(() => Buffered > 0);
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.Count == 1);
        Assert.InRange(Buffered, 0, Budget);

        var expected = BodyServer.Big(30_000_000);
        await SaysAsync(client, "HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n");
        for (var at = 0; at < expected.Length; at += 50_000)
        {
            Assert.Equal(expected[at..(at + 50_000)], await client.ReadAsync(50_000));
        }

        await client.SendAsync("GET /next HTTP/1.1\r\n\r\n");
        await SaysAsync(client, BodyServer.Ok(BodyServer.Hash([])));
        Assert.Equal(1, Server.Connections);
        Assert.InRange(Buffered, 0, Budget);
    }

    [Theory]
    [InlineData(Multiplexer.Portable, true)]
    [InlineData(Multiplexer.Loops, true)]
    [InlineData(Multiplexer.Portable, false)]
    [InlineData(Multiplexer.Loops, false)]
    public async Task Upload_ClientLeavesInTheMiddle_ConnectionIsRenewedAndOthersAreServed(string transport, bool resets)
    {
        await StartAsync(transport);
        using var leaves = await Multiplexer.ConnectAsync();
        await leaves.SendAsync([.. Head("/up", Long), .. _body[..100_000]]);
        await Eventually.TrueAsync(() => Server.Seen.Contains("/up"));
        var record = Assert.Single(Multiplexer.Tracker.Open);
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync("GET /other HTTP/1.1\r\n\r\n");
        await QueuedAsync(1);

        if (resets)
        {
            leaves.Reset();
        }
        else
        {
            leaves.End();
        }

        await SaysAsync(other, BodyServer.Ok(BodyServer.Hash([])));
        await Eventually.TrueAsync(() => record.Outcome is not null);
        Assert.Equal(resets ? ConnectionOutcome.ClientReset : ConnectionOutcome.ProtocolError, record.Outcome);
        Assert.Equal(2, Server.Connections);
        Assert.Equal(["/other"], Server.Whole);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upload_ClientPausesWhileAnotherWaits_IsResetAndTheOtherIsServed(string transport)
    {
        await StartAsync(transport);
        using var pauses = await Multiplexer.ConnectAsync();
        await pauses.SendAsync([.. Head("/up", Long), .. _body[..100_000]]);
        await Eventually.TrueAsync(() => Server.Seen.Contains("/up"));
        var record = Assert.Single(Multiplexer.Tracker.Open);
        var sent = Head("/up", Long).Length + 100_000;
        await PassedOnAsync(record, sent);
        Time.Advance(TimeSpan.FromSeconds(30)); // nobody waits
        await pauses.SendAsync(_body[..1000]);
        await PassedOnAsync(record, sent + 1000);
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync("GET /other HTTP/1.1\r\n\r\n");
        await QueuedAsync(1);
        Assert.Null(record.Outcome);

        Time.Advance(TimeSpan.FromSeconds(8)); // half of QueueTimeout, shared by two

        await SaysAsync(other, BodyServer.Ok(BodyServer.Hash([])));
        Assert.Equal("reset", await pauses.ReadEndAsync());
        Assert.Equal(ConnectionOutcome.IdleTimeout, record.Outcome);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upload_ClientSendsAByteNowAndThenWhileAnotherWaits_IsResetAndTheOtherIsServed(string transport)
    {
        await StartAsync(transport);
        using var drips = await Multiplexer.ConnectAsync();
        await drips.SendAsync([.. Head("/up", Long), .. _body[..100_000]]);
        await Eventually.TrueAsync(() => Server.Seen.Contains("/up"));
        var record = Assert.Single(Multiplexer.Tracker.Open);
        await PassedOnAsync(record, Head("/up", Long).Length + 100_000);
        for (var count = 0; count < 20; count++)
        {
            await DripAsync(drips, record, TimeSpan.FromSeconds(5)); // as long as nothing waits
        }

        Assert.Null(record.Outcome);
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync("GET /other HTTP/1.1\r\n\r\n");
        await QueuedAsync(1);

        // A pause of 7.5 s is too long, and shorter ones add up. One that ends before the proxy has looked at it does not count.
        Exception? cut = null; // a send that meets the reset takes it, and no read sees it then
        for (var count = 0; count < 20 && record.Outcome is null; count++)
        {
            Time.Advance(TimeSpan.FromSeconds(5));
            var received = record.ClientBytes;
            cut = await Record.ExceptionAsync(() => drips.SendAsync(new byte[1]));
            await Eventually.TrueAsync(() => record.ClientBytes > received || record.Outcome is not null);
        }

        await SaysAsync(other, BodyServer.Ok(BodyServer.Hash([])));
        Assert.True(cut is SocketException { SocketErrorCode: SocketError.ConnectionReset } || await drips.ReadEndAsync() == "reset");
        Assert.Equal(ConnectionOutcome.IdleTimeout, record.Outcome);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upload_SlowButAtTheLeastRate_GoesOnWhileAnotherWaits(string transport)
    {
        await StartAsync(transport);
        using var slow = await Multiplexer.ConnectAsync();
        await slow.SendAsync([.. Head("/up", Long), .. _body[..100_000]]);
        await Eventually.TrueAsync(() => Server.Seen.Contains("/up"));
        var record = Assert.Single(Multiplexer.Tracker.Open);
        await PassedOnAsync(record, Head("/up", Long).Length + 100_000);
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync("GET /other HTTP/1.1\r\n\r\n");
        await QueuedAsync(1);

        for (var count = 0; count < 5; count++)
        {
            await DripAsync(slow, record, TimeSpan.FromSeconds(5), 21_000); // 4,200 bytes a second
        }

        Assert.Null(record.Outcome);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    [SuppressMessage("Reliability", "CA2025", Justification = "The task is awaited before the test ends.")]
    public async Task Upload_ManyNeverFinished_LittleMemoryAndSmallAndLongRequestsGetThrough(string transport)
    {
        await StartAsync(transport, Patient);
        var attackers = new List<MultiplexPeer>();
        for (var count = 0; count < 20; count++)
        {
            attackers.Add(await Multiplexer.ConnectAsync());
            Fill(attackers[^1].Socket, [.. Head($"/never/{count}", 4_000_000), .. _body[..3_999_999]]);
        }

        await QueuedAsync(19);
        using var small = await Multiplexer.ConnectAsync();
        await small.SendAsync("GET /small HTTP/1.1\r\n\r\n");
        await QueuedAsync(20);
        using var honest = await Multiplexer.ConnectAsync();
        var upload = SendAllAsync(honest, [.. Head("/long", 3_000_000), .. _body[..3_000_000]]);
        await QueuedAsync(21);
        Assert.InRange(Buffered, 0, Budget);

        // Each one that pauses loses its turn after its share of the time.
        await PassesAsync(() => Server.Seen.Contains("/small"));
        Assert.InRange(Server.Seen.Count, 2, 4);
        await PassesAsync(() => Server.Seen.Contains("/long"));
        Assert.InRange(Server.Seen.Count, 3, 6); // it is the shortest of the long ones
        await upload.WaitAsync(Eventually.Limit);

        await SaysAsync(small, BodyServer.Ok(BodyServer.Hash([])));
        await SaysAsync(honest, BodyServer.Ok(BodyServer.Hash(_body[..3_000_000])));
        Assert.Equal(["/small", "/long"], Server.Whole);
        attackers.ForEach(static attacker => attacker.Dispose());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upload_AnsweredEarly_ReplyThenEndAndANewConnectionForOthers(string transport)
    {
        const string Refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";
        Server.OnHead = async (head, socket) =>
        {
            if (head.Contains("/up", StringComparison.Ordinal))
            {
                await socket.SendAsync(Text(Refusal));
                return true;
            }

            return false;
        };
        await StartAsync(transport);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Head("/up", Long));
        await SaysAsync(client, Refusal);
        await client.SendAsync(_body[..1_000_000]); // what it had begun to send is taken and dropped
        client.End();
        Assert.Equal("", await client.ReadEndAsync());

        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync("GET /other HTTP/1.1\r\n\r\n");
        await SaysAsync(other, BodyServer.Ok(BodyServer.Hash([])));
        Assert.Equal(2, Server.Connections);
        Assert.Equal(["/other"], Server.Whole);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upload_ExpectsContinue_IsToldWhenItHasItsTurn(string transport)
    {
        var gate = new SemaphoreSlim(0);
        Server.OnHead = async (head, _) =>
        {
            if (head.Contains("/first", StringComparison.Ordinal))
            {
                await gate.WaitAsync(Eventually.Limit);
            }

            return false;
        };
        await StartAsync(transport);
        using var first = await Multiplexer.ConnectAsync();
        await first.SendAsync("GET /first HTTP/1.1\r\n\r\n");
        await Eventually.TrueAsync(() => Server.Seen.Contains("/first"));
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Head("/up", Long, "Expect: 100-continue\r\n"));
        await QueuedAsync(1);
        Assert.False(client.HasMore);

        gate.Release();

        await SaysAsync(client, "HTTP/1.1 100 Continue\r\n\r\n");
        await SendAllAsync(client, _body);
        await SaysAsync(client, BodyServer.Ok(BodyServer.Hash(_body)));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upload_WaitsTooLongForItsTurn_IsToldAndNothingOfItIsRead(string transport)
    {
        var gate = new SemaphoreSlim(0);
        Server.OnHead = async (_, _) =>
        {
            await gate.WaitAsync(Eventually.Limit);
            return false;
        };
        await StartAsync(transport, """ "QueueTimeout": "00:00:05" """);
        using var first = await Multiplexer.ConnectAsync();
        await first.SendAsync("GET /first HTTP/1.1\r\n\r\n");
        await Eventually.TrueAsync(() => Server.Seen.Contains("/first"));
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Head("/up", Long));
        await QueuedAsync(1);

        Time.Advance(TimeSpan.FromSeconds(5) + Tick);

        await SaysAsync(client, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("", await client.ReadEndAsync());
        Assert.Equal(["/first"], Server.Seen);
        gate.Release();
        await SaysAsync(first, BodyServer.Ok(BodyServer.Hash([])));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upload_ClientEndsBeforeItsTurn_NothingOfItIsSent(string transport)
    {
        var gate = new SemaphoreSlim(0);
        Server.OnHead = async (head, _) =>
        {
            await gate.WaitAsync(Eventually.Limit);
            return false;
        };
        await StartAsync(transport);
        using var first = await Multiplexer.ConnectAsync();
        await first.SendAsync("GET /first HTTP/1.1\r\n\r\n");
        await Eventually.TrueAsync(() => Server.Seen.Contains("/first"));
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Head("/up", Long));
        await QueuedAsync(1);

        client.End();

        await Eventually.TrueAsync(() => transport == Multiplexer.Portable || Multiplexer.Status.Queued == 0);
        gate.Release(10);
        await SaysAsync(first, BodyServer.Ok(BodyServer.Hash([])));
        if (transport == Multiplexer.Loops)
        {
            Assert.Equal("", await client.ReadEndAsync());
            Assert.Equal(["/first"], Server.Seen);
        }
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Upload_MalformedInTheMiddle_ClientIsToldAndTheConnectionRenewed(string transport)
    {
        await StartAsync(transport);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("PUT /up HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n");
        await Eventually.TrueAsync(() => Server.Seen.Contains("/up"));
        await SendAllAsync(client, new byte[0x20000]);
        await client.SendAsync("no end of a chunk");

        await SaysAsync(client, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("", await client.ReadEndAsync());
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync("GET /other HTTP/1.1\r\n\r\n");
        await SaysAsync(other, BodyServer.Ok(BodyServer.Hash([])));
        Assert.Equal(2, Server.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Download_ServerEndsInTheMiddle_ClientIsResetAndNothingIsRepeated(string transport)
    {
        Server.OnHead = async (head, socket) =>
        {
            if (!head.Contains("/cut", StringComparison.Ordinal))
            {
                return false;
            }

            await socket.SendAsync(Text("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegun"));
            socket.Shutdown(SocketShutdown.Send);
            return true;
        };
        await StartAsync(transport);
        using var client = await Multiplexer.ConnectAsync();
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Any());
        var record = Assert.Single(Multiplexer.Tracker.Open);
        await client.SendAsync("GET /cut HTTP/1.1\r\n\r\n");

        await Eventually.TrueAsync(() => record.Outcome is not null);

        Assert.Equal(ConnectionOutcome.UpstreamReset, record.Outcome);
        Assert.Equal("reset", await client.ReadEndAsync());
        Assert.Equal(["/cut"], Server.Seen);
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync("GET /other HTTP/1.1\r\n\r\n");
        await SaysAsync(other, BodyServer.Ok(BodyServer.Hash([])));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Download_LastsUntilTheEnd_PassesAsItArrivesAndEnds(string transport)
    {
        var body = BodyServer.Big(1_000_000);
        Server.OnHead = async (_, socket) =>
        {
            await socket.SendAsync(Text("HTTP/1.1 200 OK\r\n\r\n"));
            for (var sent = 0; sent < body.Length; )
            {
                sent += await socket.SendAsync(body.AsMemory(sent));
            }

            socket.Shutdown(SocketShutdown.Send);
            return true;
        };
        await StartAsync(transport);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\n\r\n");

        await SaysAsync(client, "HTTP/1.1 200 OK\r\n\r\n");
        for (var at = 0; at < body.Length; at += 50_000)
        {
            Assert.Equal(body[at..(at + 50_000)], await client.ReadAsync(50_000));
        }

        Assert.Equal("", await client.ReadEndAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Download_ClientTakesNothingWhileAnotherWaits_IsResetAndTheOtherIsServed(string transport)
    {
        await StartAsync(transport, Patient);
        using var pauses = await Multiplexer.ConnectAsync();
        await pauses.SendAsync("GET /big?60000000 HTTP/1.1\r\n\r\n");
        await Eventually.TrueAsync(() => Buffered > 128 * 1024);
        var record = Assert.Single(Multiplexer.Tracker.Open);
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync("GET /other HTTP/1.1\r\n\r\n");
        await QueuedAsync(1);

        await PassesAsync(() => record.Outcome is not null);

        Assert.Equal(ConnectionOutcome.IdleTimeout, record.Outcome);
        await SaysAsync(other, BodyServer.Ok(BodyServer.Hash([]))); // without a pause, which time would have to end: the destination is not to blame
        Assert.Equal("reset", await pauses.ReadEndAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Download_ClientTakesLessThanTheLeastRateWhileAnotherWaits_IsReset(string transport)
    {
        await StartAsync(transport, Patient + ", \"MinDataRate\": 1000000000");
        using var slow = await Multiplexer.ConnectAsync();
        await slow.SendAsync("GET /big?60000000 HTTP/1.1\r\n\r\n");
        await Eventually.TrueAsync(() => Buffered > 128 * 1024);
        var record = Assert.Single(Multiplexer.Tracker.Open);
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync("GET /other HTTP/1.1\r\n\r\n");
        await QueuedAsync(1);

        for (var count = 0; count < 20 && record.Outcome is null; count++)
        {
            Time.Advance(TimeSpan.FromSeconds(5)); // alone no pause that is too long
            var taken = record.UpstreamBytes;
            await Eventually.TrueAsync(async () =>
            {
                _ = await slow.ReadAsync(100_000);
                return record.Outcome is not null || record.UpstreamBytes > taken + 200_000;
            });
        }

        Assert.Equal(ConnectionOutcome.IdleTimeout, record.Outcome);
        await SaysAsync(other, BodyServer.Ok(BodyServer.Hash([])));
    }

    private async Task DripAsync(MultiplexPeer client, ConnectionRecord record, TimeSpan pause, int bytes = 1)
    {
        Time.Advance(pause);
        var received = record.ClientBytes;
        await client.SendAsync(new byte[bytes]);
        await PassedOnAsync(record, received + bytes);
    }

    // The bytes count as received before they are passed on, and only then the client's pause begins.
    private Task PassedOnAsync(ConnectionRecord record, long bytes) =>
        Eventually.TrueAsync(() => record.ClientBytes == bytes && Multiplexer.Status.Upstreams is [{ AwaitsClient: true }]);

    private long Buffered => Multiplexer.Registry.Buffered().Sum(static measured => measured.Value);

    private Task StartAsync(string transport, string route = "")
    {
        Create(transport);
        return Multiplexer.StartAsync(Server.Port, _http, route);
    }

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] Head(string path, int length, string fields = "") =>
        Text($"PUT {path} HTTP/1.1\r\n{fields}Content-Length: {length}\r\n\r\n");

    private static async Task SaysAsync(MultiplexPeer client, string expected) =>
        Assert.Equal(expected, Encoding.Latin1.GetString(await client.ReadAsync(expected.Length)));

    private static async Task SendAllAsync(MultiplexPeer client, byte[] bytes)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        for (var sent = 0; sent < bytes.Length; )
        {
            sent += await client.Socket.SendAsync(bytes.AsMemory(sent), limit.Token);
        }
    }

    // Lets time pass until something is so.
    private async Task PassesAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (!isSo())
        {
            limit.Token.ThrowIfCancellationRequested();
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
        }
    }

    // Hands the kernel what it takes without waiting.
    private static void Fill(Socket socket, ReadOnlySpan<byte> bytes)
    {
        socket.Blocking = false;
        while (!bytes.IsEmpty)
        {
            var sent = socket.Send(bytes, SocketFlags.None, out var error);
            if (error != SocketError.Success)
            {
                return;
            }

            bytes = bytes[sent..];
        }
    }
}
