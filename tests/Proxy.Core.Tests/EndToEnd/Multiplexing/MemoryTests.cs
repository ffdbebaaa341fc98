using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;
using Proxy.Limits;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>What clients may keep in memory together: beyond it they are not read, and nothing is lost.</summary>
public sealed class MemoryTests : SessionTestBase
{
    private const int Budget = 1024 * 1024;
    private const int Body = 3_500_000;
    private const int LargestMessage = 4 * 1024 * 1024;
    private static readonly string _long = $$"""
        "Framing": { "LengthField": { "Size": 4, "MaxBytes": {{LargestMessage}} } }, "MaxBufferedBytes": {{Budget}}
        """;

    public override Task InitializeAsync()
    {
        Device = Add(new Device(new LengthFieldFramer("long", "", new LengthField(0, 4), LargestMessage)));
        Device.OnMessage = static (message, peer) => peer.SendAsync(Message(message.Length.ToString(CultureInfo.InvariantCulture)));
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_UnfinishedMessagesOfManyClients_NotReadBeyondTheBudget(string transport)
    {
        await StartAsync(transport, _long);
        var clients = new List<MultiplexPeer>();
        for (var count = 0; count < 12; count++)
        {
            clients.Add(await Multiplexer.ConnectAsync());
            Fill(clients[^1].Socket, Message(Body).AsSpan()[..^1].ToArray());
        }

        // 12 bodies are 42 MB; what the kernel does not take is the clients' own.
        await Eventually.TrueAsync(() => Buffered >= Budget);
        Assert.InRange(Buffered, Budget, (2 * Budget) + LargestMessage);
        using var small = await Multiplexer.ConnectAsync();
        await small.SendAsync(Message(10));
        await SaysAsync(small, Message("14"));
        Assert.InRange(Buffered, Budget, (2 * Budget) + LargestMessage);

        clients.ForEach(static client => client.Reset());

        await Eventually.TrueAsync(() => Buffered == 0);
        Assert.Single(Device.Messages);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_ClientEndsInTheMiddleOfAMessage_ItsMemoryIsReleased(string transport)
    {
        await StartAsync(transport, _long);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Message(Body)[..200_000]);
        await Eventually.TrueAsync(() => Buffered >= 200_000);
        var record = Assert.Single(Multiplexer.Tracker.Open);

        client.End();

        await Eventually.TrueAsync(() => Buffered == 0 && record.Outcome is not null);
        Assert.Equal(ConnectionOutcome.ProtocolError, record.Outcome);
        Assert.Empty(Device.Messages);
    }

    [Theory]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_PausedClientEndsInTheMiddleOfAMessage_ConnectionEndsUnread(string transport)
    {
        await StartAsync(transport, _long);
        using var first = await Multiplexer.ConnectAsync();
        await first.SendAsync(Message(Body)[..(2 * Budget)]); // exceeds the budget and stays
        await Eventually.TrueAsync(() => Buffered >= 2 * Budget);
        using var paused = await Multiplexer.ConnectAsync();
        await paused.SendAsync(Message(Body)[..20_000]);
        var record = await LastAsync(2);

        paused.End();

        await Eventually.TrueAsync(() => record.Outcome is not null);
        Assert.Equal(ConnectionOutcome.ProtocolError, record.Outcome);
        Assert.True(record.ClientBytes < 20_000, $"{record.ClientBytes} bytes were read");
    }

    [Theory]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_PausedClientEndsWhileItsRequestIsUnderWay_TakesNoMemoryFromOthers(string transport)
    {
        var answer = new SemaphoreSlim(0);
        Device.OnMessage = async (_, peer) =>
        {
            Assert.True(await answer.WaitAsync(Eventually.Limit));
            await peer.SendAsync(Message("done"));
        };
        await StartAsync(transport, _long);
        using var first = await Multiplexer.ConnectAsync();
        await first.SendAsync(Message(Body)[..(2 * Budget)]); // exceeds the budget and stays
        await Eventually.TrueAsync(() => Buffered >= 2 * Budget);
        using var paused = await Multiplexer.ConnectAsync();
        await paused.SendAsync([.. Message(10), .. Message(Body)[..20_000]]);
        var record = await LastAsync(2);
        await Eventually.TrueAsync(() => Device.Messages.Count == 1);

        paused.End();
        await Eventually.TrueAsync(() => record.Outcome is not null);
        first.Reset();

        await Eventually.TrueAsync(() => Buffered == 0);
        answer.Release();
        await SaysAsync(paused, Message("done"));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_ProcessAtItsCeiling_EachMessageIsAnsweredInTheEnd(string transport)
    {
        await StartAsync(transport, _long);
        var process = Multiplexer.Service<ByteBudget>();
        process.Add(2 * process.Limit);
        var clients = new List<MultiplexPeer>();
        for (var count = 0; count < 3; count++)
        {
            clients.Add(await Multiplexer.ConnectAsync());
        }

        var sends = clients.Select(static client => client.SendAsync(Message(60_000))).ToList();

        foreach (var client in clients)
        {
            await SaysAsync(client, Message("60004"));
        }

        await Task.WhenAll(sends);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_ClientTakesNoReplies_ResetAfterAMinuteOnceAnotherWaits(string transport)
    {
        Device.OnMessage = static (message, peer) => peer.SendAsync(message.Length > 14 ? Message(LargestMessage - 4) : Message("14"));
        await StartAsync(transport, _long, """ "QueueTimeout": "01:00:00" """);
        using var stalled = await Multiplexer.ConnectAsync();
        stalled.Socket.ReceiveBufferSize = 4096;
        await stalled.SendAsync(Message(20));
        await Eventually.TrueAsync(() => Buffered >= Budget);
        var record = Assert.Single(Multiplexer.Tracker.Open);
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.All(static connection => connection.InFlight == 0));
        Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(record.Outcome);
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync(Message(10));
        await QueuedAsync(1);

        var taken = -1L;
        await Eventually.TrueAsync(() =>
        {
            var before = taken;
            taken = record.UpstreamBytes;
            if (taken == before) // the kernel takes no more either
            {
                Time.Advance(TimeSpan.FromSeconds(30) + Tick);
            }

            return record.Outcome is not null;
        });

        Assert.Equal(ConnectionOutcome.IdleTimeout, record.Outcome);
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Count() == 1);
        Time.Advance(Tick);
        await SaysAsync(other, Message("14"));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_ClientSendsAByteNowAndThen_LosesItsTurnOnceAnotherWaits(string transport)
    {
        await StartAsync(transport, _long, """ "QueueTimeout": "01:00:00" """);
        using var drips = await Multiplexer.ConnectAsync();
        await drips.SendAsync(Message(Body)[..(2 * Budget)]); // exceeds the budget and stays
        await Eventually.TrueAsync(() => Buffered >= 2 * Budget);
        var record = Assert.Single(Multiplexer.Tracker.Open);
        await Eventually.TrueAsync(() => record.ClientBytes == 2 * Budget);
        using var other = await Multiplexer.ConnectAsync();
        await other.SendAsync(Message(20_000));

        await DripAsync(drips, record, () => Device.Messages.Count == 1);
        await SaysAsync(other, Message("20004")); // its turn, though the other client was never silent for 10 s
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_ClientThatExceedsPipelines_TurnEndsWithItsFirstMessage(string transport)
    {
        var answer = new SemaphoreSlim(0);
        Device.OnMessage = async (_, peer) =>
        {
            Assert.True(await answer.WaitAsync(Eventually.Limit));
            await peer.SendAsync(Message("done"));
        };
        await StartAsync(transport, _long);
        var process = Multiplexer.Service<ByteBudget>();
        process.Add(2 * process.Limit); // every message needs the turn now
        using var first = await Multiplexer.ConnectAsync();
        await first.SendAsync([.. Message(60_000), .. Message(60_000)[..20_000]]);
        var record = await LastAsync(1);
        await Eventually.TrueAsync(() => record.ClientBytes == 80_004 && Device.Messages.Count == 1);
        using var second = await Multiplexer.ConnectAsync();
        await second.SendAsync(Message(60_000));

        answer.Release(2);

        await SaysAsync(first, Message("done"));
        await SaysAsync(second, Message("done"));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Send_DestinationMoved_CountedInTheBudgetOfTheNewOne(string transport)
    {
        await StartAsync(transport, _long);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Message(10));
        await SaysAsync(client, Message("14"));
        var former = Device;
        Device = Add(new Device(new LengthFieldFramer("long", "", new LengthField(0, 4), LargestMessage)) { OnMessage = former.OnMessage });
        await EditAsync(_long);
        await client.SendAsync(Message(10));
        await SaysAsync(client, Message("14"));
        Assert.Single(Device.Messages);

        await client.SendAsync(Message(Body)[..200_000]);

        await Eventually.TrueAsync(() => Buffered >= 200_000);
        client.Reset();
        await Eventually.TrueAsync(() => Buffered == 0);
    }

    // Sends a byte every nine seconds until something is so.
    private async Task DripAsync(MultiplexPeer client, ConnectionRecord record, Func<bool> isSo)
    {
        for (var count = 0; count < 100 && !isSo(); count++)
        {
            var received = record.ClientBytes;
            await client.SendAsync("b"u8.ToArray());
            await Eventually.TrueAsync(() => record.ClientBytes > received || record.Outcome is not null);
            Time.Advance(TimeSpan.FromSeconds(9));
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private long Buffered => Multiplexer.Registry.Buffered().Sum(static measured => measured.Value);

    private static byte[] Message(int length) => Message(new string('b', length));

    private static byte[] Message(string body)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length);
        return [.. length, .. Encoding.Latin1.GetBytes(body)];
    }

    private static async Task SaysAsync(MultiplexPeer client, byte[] reply) => Assert.Equal(reply, await client.ReadAsync(reply.Length));

    private async Task<ConnectionRecord> LastAsync(int count)
    {
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Count() == count && Multiplexer.Status.Clients.Count == count);
        return Multiplexer.Tracker.Open.OrderBy(static record => record.Id, StringComparer.Ordinal).Last();
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
