using System.Diagnostics.Metrics;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>One exchange for the same read of many clients, and answers kept for a while: never across a write.</summary>
public sealed class SharedReadTests : SessionTestBase
{
    private const string Tcp = "\"Protocol\": \"modbus-tcp\"";
    private const string Cache = Tcp + ", \"Modbus\": { \"CacheFor\": \"00:00:10\" }";
    private int _value = 1;

    public override Task InitializeAsync()
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(adu =>
        {
            if (adu[1] == 6)
            {
                _value = adu[5];
                return adu;
            }

            return ModbusMessages.Value(adu[0], _value);
        });
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Coalesce_SameReadsAtOnce_ShareOneExchange(string transport)
    {
        await StartAsync(transport, Tcp);
        using var gate = Gate();
        var clients = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Multiplexer.ConnectAsync()));
        var asking = clients.Select(static (client, number) => client.AskAsync(number, ModbusMessages.Read(1, 5))).ToList();
        await Device.SeenAsync(1);
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ Exchanges: [{ Sharing: 9 }] }]);
        using var different = await Multiplexer.ConnectAsync();
        await different.SendAsync(ModbusMessages.Tcp(99, ModbusMessages.Read(2, 5)));
        await QueuedAsync(1);

        gate.Release(2);

        foreach (var reply in await Task.WhenAll(asking))
        {
            Assert.Equal(ModbusMessages.Value(1, 1), reply);
        }

        Assert.Equal(ModbusMessages.Value(2, 1), await different.ReadReplyAsync(99));
        Assert.Equal(2, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Coalesce_ReadsThatGetNoReply_AreNotShared(string transport)
    {
        await StartAsync(transport, Tcp + """, "NoReplyWhen": { "Offset": 6, "Equals": "hex:00" } """);
        Device.AnswerModbus(static adu => adu[0] == 0 ? null : ModbusMessages.Value(adu[0], adu[3]));
        using var gate = Gate();
        using var busy = await Multiplexer.ConnectAsync();
        await busy.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)));
        await Device.SeenAsync(1);
        using var one = await Multiplexer.ConnectAsync();
        using var two = await Multiplexer.ConnectAsync();
        foreach (var client in (MultiplexPeer[])[one, two])
        {
            await client.SendAsync([
                .. ModbusMessages.Tcp(2, ModbusMessages.Read(0, 5)),
                .. ModbusMessages.Tcp(3, ModbusMessages.Read(1, 7)),
            ]);
        }

        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Count(static record => record.ClientBytes == 24) == 2);
        gate.Release(9);

        Assert.Equal(ModbusMessages.Value(1, 7), await one.ReadReplyAsync(3));
        Assert.Equal(ModbusMessages.Value(1, 7), await two.ReadReplyAsync(3));
        Assert.Equal(2, Device.Messages.Count(static message => message[6] == 0));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Coalesce_Off_EachIsSent(string transport)
    {
        await StartAsync(transport, Tcp + """, "Modbus": { "Coalesce": false } """);
        using var gate = Gate();
        var (one, two) = await AskBothAsync(
            ModbusMessages.Tcp(1, ModbusMessages.Read(1, 5)),
            ModbusMessages.Tcp(1, ModbusMessages.Read(1, 5))
        );
        gate.Release(2);

        Assert.Equal(ModbusMessages.Value(1, 1), await one.ReadReplyAsync(1));
        Assert.Equal(ModbusMessages.Value(1, 1), await two.ReadReplyAsync(1));

        Assert.Equal(2, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Coalesce_LeaderLeavesBeforeItIsSent_AnotherTakesItsPlace(string transport)
    {
        await StartAsync(transport, Tcp);
        using var gate = Gate();
        using var busy = await Multiplexer.ConnectAsync();
        using var leader = await Multiplexer.ConnectAsync();
        using var follower = await Multiplexer.ConnectAsync();
        await busy.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)));
        await Device.SeenAsync(1);
        await leader.SendAsync(ModbusMessages.Tcp(2, ModbusMessages.Read(1, 5)));
        await QueuedAsync(1);
        await follower.SendAsync(ModbusMessages.Tcp(3, ModbusMessages.Read(1, 5)));
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Count(static record => record.ClientBytes == 12) == 3);

        leader.Reset();
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 2);
        gate.Release(2);

        Assert.Equal(ModbusMessages.Value(1, 1), await busy.ReadReplyAsync(1));
        Assert.Equal(ModbusMessages.Value(1, 1), await follower.ReadReplyAsync(3));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Coalesce_LeaderHasLeftWhenTheConnectionIsLost_AnotherTakesItsPlace(string transport)
    {
        await StartAsync(transport, Tcp);
        using var gate = new SemaphoreSlim(0);
        var answer = Device.OnMessage;
        Device.OnMessage = async (message, peer) =>
        {
            if (Device.Messages.Count > 1)
            {
                await answer(message, peer);
                return;
            }

            await gate.WaitAsync(Eventually.Limit);
            peer.Reset();
        };
        using var leader = await Multiplexer.ConnectAsync();
        using var follower = await Multiplexer.ConnectAsync();
        await leader.SendAsync([.. ModbusMessages.Tcp(1, ModbusMessages.Read(1, 5)), .. ModbusMessages.Tcp(2, ModbusMessages.Read(1, 6))]);
        await SentAsync(1);
        await QueuedAsync(1);
        await follower.SendAsync(ModbusMessages.Tcp(3, ModbusMessages.Read(1, 5)));
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ Exchanges: [{ Sharing: 1 }] }]);
        leader.End();
        await QueuedAsync(0); // it is known that it has left

        gate.Release();
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(Tick); // a connection that ended so early is renewed after a pause
            return Device.Messages.Count == 2;
        });

        Assert.Equal(ModbusMessages.Value(1, 1), await follower.ReadReplyAsync(3));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Coalesce_ReadInFlightDuringAWrite_IsNotSharedAfterIt(string transport)
    {
        await StartAsync(transport, Tcp + """, "MaxInFlight": 4 """);
        var answer = Device.OnMessage;
        Device.OnMessage = static (_, _) => Task.CompletedTask;
        using var reader = await Multiplexer.ConnectAsync();
        using var writer = await Multiplexer.ConnectAsync();
        await WriteDuringReadAsync(reader, writer, answer);

        // The writer asks what it wrote: the read that is under way may be from before.
        await writer.SendAsync(ModbusMessages.Tcp(3, ModbusMessages.Read(1, 5)));
        await Device.SeenAsync(3);
        var (before, after) = (Device.Messages.First(), Device.Messages.ElementAt(2));
        await AnswerAsync(before, 1);
        await AnswerAsync(after, 42);

        Assert.Equal(ModbusMessages.Value(1, 1), await reader.ReadReplyAsync(1));
        Assert.Equal(ModbusMessages.Value(1, 42), await writer.ReadReplyAsync(3));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Coalesce_OwnWriteIsWaiting_ReadDoesNotOvertakeIt(string transport)
    {
        await StartAsync(transport, Tcp);
        using var gate = Gate();
        using var other = await Multiplexer.ConnectAsync();
        using var client = await Multiplexer.ConnectAsync();
        await other.SendAsync([.. ModbusMessages.Tcp(1, ModbusMessages.Read(2, 0)), .. ModbusMessages.Tcp(2, ModbusMessages.Read(1, 5))]);
        await Device.SeenAsync(1);
        await QueuedAsync(1);
        await client.SendAsync([
            .. ModbusMessages.Tcp(3, ModbusMessages.Write(1, 5, 42)),
            .. ModbusMessages.Tcp(4, ModbusMessages.Read(1, 5)),
        ]);
        await QueuedAsync(3);

        gate.Release(4);

        Assert.Equal(ModbusMessages.Write(1, 5, 42), await client.ReadReplyAsync(3));
        Assert.Equal(ModbusMessages.Value(1, 42), await client.ReadReplyAsync(4));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Coalesce_ReadInFlightDuringAnEdit_IsNotSharedAfterIt(string transport)
    {
        await StartAsync(transport, Tcp);
        using var gate = Gate();
        using var before = await Multiplexer.ConnectAsync();
        await before.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 5)));
        await Device.SeenAsync(1);

        await EditAsync(Tcp + """, "ResponseTimeout": "00:00:30" """);
        using var after = await Multiplexer.ConnectAsync();
        await after.SendAsync(ModbusMessages.Tcp(2, ModbusMessages.Read(1, 5)));
        await QueuedAsync(1);
        gate.Release(2);

        Assert.Equal(ModbusMessages.Value(1, 1), await before.ReadReplyAsync(1));
        Assert.Equal(ModbusMessages.Value(1, 1), await after.ReadReplyAsync(2));
        Assert.Equal(2, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task QueueTimeout_OfThoseWhoShareARead_HoldsForEach(string transport)
    {
        await StartAsync(transport, Tcp, """ "QueueTimeout": "00:00:05" """);
        using var gate = Gate();
        using var shared = new Measured(Multiplexer.Service<IMeterFactory>(), "proxy.multiplex.shared");
        using var busy = await Multiplexer.ConnectAsync();
        var clients = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Multiplexer.ConnectAsync()));
        await busy.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)));
        await SentAsync(1);
        for (var number = 0; number < 3; number++)
        {
            await clients[number].SendAsync(ModbusMessages.Tcp(number, ModbusMessages.Read(1, 5)));
            await QueuedAsync(1);
            await Eventually.TrueAsync(() => shared.Count == number);
            Time.Advance(number < 2 ? TimeSpan.FromSeconds(2) : TimeSpan.Zero);
        }

        Time.Advance(TimeSpan.FromSeconds(3) + Tick);
        Assert.Equal(ModbusMessages.Exception(1, 3, 6), await clients[0].ReadReplyAsync(0));
        Assert.Equal(ModbusMessages.Exception(1, 3, 6), await clients[1].ReadReplyAsync(1));
        gate.Release(2);

        Assert.Equal(ModbusMessages.Value(1, 1), await clients[2].ReadReplyAsync(2));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task CacheFor_EditedToZeroWhileAReadIsInFlight_IsNotKept(string transport)
    {
        await StartAsync(transport, Cache);
        using var gate = Gate();
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 5)));
        await Device.SeenAsync(1);

        await EditAsync(Tcp);
        gate.Release(2);
        Assert.Equal(ModbusMessages.Value(1, 1), await client.ReadReplyAsync(1));
        _value = 2;

        Assert.Equal(ModbusMessages.Value(1, 2), await client.AskAsync(2, ModbusMessages.Read(1, 5)));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task CacheFor_SameQuestion_IsAnsweredWithoutTheDeviceUntilItIsOld(string transport)
    {
        await StartAsync(transport, Cache);
        using var one = await Multiplexer.ConnectAsync();
        using var two = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Value(1, 1), await one.AskAsync(5, ModbusMessages.Read(1, 5)));
        _value = 2;
        Assert.Equal(ModbusMessages.Value(1, 1), await two.AskAsync(6, ModbusMessages.Read(1, 5)));
        Assert.Equal(ModbusMessages.Value(1, 2), await two.AskAsync(7, ModbusMessages.Read(1, 6))); // another question
        Time.Advance(TimeSpan.FromSeconds(10) + Tick);

        Assert.Equal(ModbusMessages.Value(1, 2), await two.AskAsync(8, ModbusMessages.Read(1, 5)));
        Assert.Equal(3, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task CacheFor_WriteToTheUnit_Invalidates(string transport)
    {
        await StartAsync(transport, Cache);
        using var reader = await Multiplexer.ConnectAsync();
        using var writer = await Multiplexer.ConnectAsync();
        await reader.AskAsync(1, ModbusMessages.Read(1, 5));
        await reader.AskAsync(2, ModbusMessages.Read(2, 5));

        await writer.AskAsync(3, ModbusMessages.Write(1, 5, 42));

        Assert.Equal(ModbusMessages.Value(1, 42), await reader.AskAsync(4, ModbusMessages.Read(1, 5)));
        Assert.Equal(ModbusMessages.Value(2, 1), await reader.AskAsync(5, ModbusMessages.Read(2, 5))); // of another unit nothing is known
        Assert.Equal(4, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task CacheFor_ReadInFlightDuringAWrite_IsNotKept(string transport)
    {
        await StartAsync(transport, Tcp + """, "MaxInFlight": 2, "Modbus": { "CacheFor": "00:00:10" } """);
        var answer = Device.OnMessage;
        Device.OnMessage = static (_, _) => Task.CompletedTask;
        using var reader = await Multiplexer.ConnectAsync();
        using var writer = await Multiplexer.ConnectAsync();
        await WriteDuringReadAsync(reader, writer, answer);
        await AnswerAsync(Device.Messages.First(), 1); // from before the write
        Assert.Equal(ModbusMessages.Value(1, 1), await reader.ReadReplyAsync(1));
        Device.OnMessage = answer;

        Assert.Equal(ModbusMessages.Value(1, 42), await reader.AskAsync(3, ModbusMessages.Read(1, 5)));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task CacheFor_Exception_IsNotKept(string transport)
    {
        await StartAsync(transport, Cache);
        var answer = Device.OnMessage;
        Device.AnswerModbus(static adu => ModbusMessages.Exception(adu[0], adu[1], 2));
        using var client = await Multiplexer.ConnectAsync();
        Assert.Equal(ModbusMessages.Exception(1, 3, 2), await client.AskAsync(1, ModbusMessages.Read(1, 5)));
        Device.OnMessage = answer;

        Assert.Equal(ModbusMessages.Value(1, 1), await client.AskAsync(2, ModbusMessages.Read(1, 5)));
    }

    // A read is sent, then a write, and the write is answered.
    private async Task WriteDuringReadAsync(MultiplexPeer reader, MultiplexPeer writer, Func<byte[], MultiplexPeer, Task> answer)
    {
        await reader.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 5)));
        await Device.SeenAsync(1);
        await writer.SendAsync(ModbusMessages.Tcp(2, ModbusMessages.Write(1, 5, 42)));
        await Device.SeenAsync(2);
        await answer(Device.Messages.ElementAt(1), Device.Open.Single());
        Assert.Equal(ModbusMessages.Write(1, 5, 42), await writer.ReadReplyAsync(2));
    }

    private Task AnswerAsync(byte[] read, int value) =>
        Device.Open.Single().SendAsync(ModbusMessages.Tcp((read[0] << 8) | read[1], ModbusMessages.Value(1, value)));
}
