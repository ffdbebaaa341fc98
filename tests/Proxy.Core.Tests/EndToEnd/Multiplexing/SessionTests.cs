using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Many clients, one connection: who gets which reply, in which order.</summary>
public sealed class SessionTests : SessionTestBase
{
    private const string Line = "\"Protocol\": \"line\"";

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_ManyClients_EachItsOwnReplyOverOneConnection(string transport)
    {
        await StartAsync(transport, Line);
        var clients = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Multiplexer.ConnectAsync()));

        await Task.WhenAll(
            clients.Select(
                async (client, number) =>
                {
                    for (var round = 0; round < 30; round++)
                    {
                        Assert.Equal($"={number}.{round}", await client.AskAsync($"{number}.{round}"));
                    }
                }
            )
        );

        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_TwoRoutesToOneDevice_ShareItsConnection(string transport)
    {
        Create(transport);
        await Multiplexer.EditAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": {
                  "one": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Multiplex" },
                  "two": { "Listen": "127.0.0.2:0", "ClusterId": "c", "Mode": "Multiplex" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{Device.Port}}" } }, "Multiplex": { {{Line}} } } } } }
            """
        );
        using var one = await Multiplexer.ConnectAsync("127.0.0.1");
        using var two = await Multiplexer.ConnectAsync("127.0.0.2");

        for (var round = 0; round < 50; round++)
        {
            await Task.WhenAll(one.SendAsync("one\n"), two.SendAsync("two\n"));
            Assert.Equal(("=one", "=two"), (await one.ReadLineAsync(), await two.ReadLineAsync()));
        }

        Assert.Equal((1, 1, 1), Device.Connections);
        Assert.Equal(2, Multiplexer.Status.Clients.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_Pipelined_RepliesInTheClientsOwnOrder(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync(string.Concat(Enumerable.Range(0, 200).Select(static number => $"{number}\n")));

        for (var number = 0; number < 200; number++)
        {
            Assert.Equal($"={number}", await client.ReadLineAsync());
        }
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_ByteByByte_IsOneRequest(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();

        foreach (var octet in "hello\nworld\n")
        {
            await client.SendAsync(octet.ToString());
        }

        Assert.Equal("=hello", await client.ReadLineAsync());
        Assert.Equal("=world", await client.ReadLineAsync());
        Assert.Equal(["hello", "world"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_ChattyClient_OthersHaveTheirTurnAfterOneRequest(string transport)
    {
        await StartAsync(transport, Line);
        using var gate = Gate();
        using var chatty = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();
        await chatty.SendAsync("c1\n");
        await Device.SeenAsync(1);
        await chatty.SendAsync("c2\nc3\nc4\n");
        await QueuedAsync(3);
        await other.SendAsync("o1\n");
        await QueuedAsync(4);

        gate.Release(5);
        await Device.SeenAsync(5);

        Assert.Equal(["c1", "c2", "o1", "c3", "c4"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ClientFin_CompleteRequestsAreAnswered_ThenFin(string transport)
    {
        await StartAsync(transport, Line + """, "KeepUnused": "None" """);
        using var gate = Gate();
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n2\n3\n");
        client.End();
        await Device.SeenAsync(1);

        gate.Release(3);

        Assert.Equal(("=1", "=2", "=3"), (await client.ReadLineAsync(), await client.ReadLineAsync(), await client.ReadLineAsync()));
        Assert.Equal("", await client.ReadLineAsync());
        await Multiplexer.Tracker.WhenEmptyAsync();
        Assert.Equal((1, 1, 1), Device.Connections); // the destination never sees a client's FIN
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ClientFin_UnfinishedRequest_IsDroppedAndTheRestAnswered(string transport)
    {
        await StartAsync(transport, Line);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\nunfin");
        client.End();

        Assert.Equal("=1", await client.ReadLineAsync());
        Assert.Equal("", await client.ReadLineAsync());
        Assert.Equal(["1"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ClientReset_RequestsNotYetSent_AreRemoved(string transport)
    {
        await StartAsync(transport, Line);
        using var gate = Gate();
        using var stays = await Multiplexer.ConnectAsync();
        using var leaves = await Multiplexer.ConnectAsync();
        await stays.SendAsync("s1\n");
        await Device.SeenAsync(1);
        await leaves.SendAsync("l1\nl2\n");
        await QueuedAsync(2);
        await stays.SendAsync("s2\n");
        await QueuedAsync(3);

        leaves.Reset();
        await QueuedAsync(1);
        gate.Release(2);

        Assert.Equal(("=s1", "=s2"), (await stays.ReadLineAsync(), await stays.ReadLineAsync()));
        Assert.Equal(["s1", "s2"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ClientReset_ItsExchangeIsInFlight_ReplyReachesNobody(string transport)
    {
        await StartAsync(transport, Line);
        using var gate = Gate();
        var (leaves, stays) = await AskBothAsync("l", "s");

        leaves.Reset();
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 1);
        gate.Release(2);

        Assert.Equal("=s", await stays.ReadLineAsync());
        Assert.False(stays.HasMore);
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Client_DoesNotReadItsReplies_OthersAreServed(string transport)
    {
        var large = new string('x', 60_000);
        Device.Answer(line => line == "large" ? large : "=" + line);
        await StartAsync(transport, Line);
        using var slow = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();
        var sending = Task.Run(async () =>
        {
            for (var count = 0; count < 500; count++)
            {
                await slow.SendAsync("large\n");
            }
        });

        for (var round = 0; round < 100; round++)
        {
            Assert.Equal($"={round}", await other.AskAsync($"{round}"));
        }

        await Eventually.TrueAsync(() => Multiplexer.Status is { Queued: 0 });
        Assert.True(Device.Messages.Count < 600); // it was not asked for more than the slow one took
        for (var count = 0; count < 500; count++)
        {
            Assert.Equal(large, await slow.ReadLineAsync());
        }

        await sending;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Client_SendsGarbage_IsClosedAndOthersNoticeNothing(string transport)
    {
        await StartAsync(transport, """ "Protocol": "mpu" """);
        await Device.DisposeAsync();
        KnownProtocols.BuiltIn.TryFind("mpu", out var mpu);
        Device = Add(new Device(mpu));
        Device.OnMessage = static (message, peer) => peer.SendAsync(message);
        await EditAsync(""" "Protocol": "mpu" """);
        using var good = await Multiplexer.ConnectAsync();
        Assert.Equal("0002ab"u8.ToArray(), await good.AskAsync("0002ab"u8.ToArray(), 6));

        foreach (var garbage in (string[])["-001x", "+001x", "    ", "00:1", "\0\0\0\0", "GET / HTTP/1.1\r\n\r\n"])
        {
            using var bad = await Multiplexer.ConnectAsync();
            await bad.SendAsync("0001z" + garbage);
            Assert.Equal("reset", await bad.ReadEndAsync());
        }

        Assert.Equal("0002cd"u8.ToArray(), await good.AskAsync("0002cd"u8.ToArray(), 6));
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task MaxInFlight_RepliesInOrder_SeveralAreSentBeforeTheFirstReply(string transport)
    {
        await StartAsync(transport, Line + """, "MaxInFlight": 3 """);
        var held = new List<string>();
        Device.OnMessage = async (message, peer) =>
        {
            held.Add("=" + System.Text.Encoding.ASCII.GetString(message));
            if (held.Count == 3)
            {
                await peer.SendAsync(string.Concat(held));
            }
        };
        var clients = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Multiplexer.ConnectAsync()));

        var replies = await Task.WhenAll(clients.Select(static (client, number) => client.AskAsync($"{number}")));

        Assert.Equal(["=0", "=1", "=2"], replies);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Connections_Two_AreUsedAtOnceAndNoThird(string transport)
    {
        await StartAsync(transport, Line + """, "Connections": 2 """);
        using var gate = Gate();
        var clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Multiplexer.ConnectAsync()));
        var asking = Task.WhenAll(clients.Select(static (client, number) => client.AskAsync($"{number}")));
        await Device.SeenAsync(2);
        await QueuedAsync(2);

        gate.Release(4);

        Assert.Equal(["=0", "=1", "=2", "=3"], await asking);
        Assert.Equal((2, 2, 2), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Connections_Two_OneClientsRequestsKeepTheirOrder(string transport)
    {
        await StartAsync(transport, Line + """, "Connections": 2 """);
        using var gate = Gate();
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n2\n");
        await Device.SeenAsync(1);
        await QueuedAsync(1);

        gate.Release(2);

        Assert.Equal(("=1", "=2"), (await client.ReadLineAsync(), await client.ReadLineAsync()));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task QueueLimit_Reached_FurtherRequestIsRefusedAndOthersStay(string transport)
    {
        await StartAsync(transport, Line, """ "QueueLimit": 1 """);
        using var gate = Gate();
        using var first = await Multiplexer.ConnectAsync();
        using var second = await Multiplexer.ConnectAsync();
        using var third = await Multiplexer.ConnectAsync();
        await first.SendAsync("1\n");
        await Device.SeenAsync(1);
        await second.SendAsync("2\n");
        await QueuedAsync(1);

        Assert.Equal("reset", await third.AskAsync("3"));
        gate.Release(2);

        Assert.Equal(("=1", "=2"), (await first.ReadLineAsync(), await second.ReadLineAsync()));
    }
}
