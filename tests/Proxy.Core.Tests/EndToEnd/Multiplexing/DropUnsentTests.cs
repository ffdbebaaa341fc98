using System.Globalization;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Requests of clients that have gone do not run.</summary>
public sealed class DropUnsentTests : SessionTestBase
{
    private const string Line = "\"Protocol\": \"line\"";
    private const string Tcp = "\"Protocol\": \"modbus-tcp\"";

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_TenClientsWithWritesThatWait_NoneOfThemRuns(string transport)
    {
        using var gate = await StartModbusAsync(transport, Tcp);
        using var busy = await Multiplexer.ConnectAsync();
        await busy.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)));
        await SentAsync(1);
        for (var number = 0; number < 10; number++)
        {
            using var client = await Multiplexer.ConnectAsync();
            await client.SendAsync(ModbusMessages.Tcp(number, ModbusMessages.Write(1, 100 + number, 1)));
            await QueuedAsync(1);
            client.Dispose();
            await QueuedAsync(0);
        }

        using var live = await Multiplexer.ConnectAsync();
        await live.SendAsync(ModbusMessages.Tcp(7, ModbusMessages.Read(1, 2)));
        await QueuedAsync(1);
        gate.Release(100);

        Assert.Equal(ModbusMessages.Value(1, 2), await live.ReadReplyAsync(7));
        Assert.Equal(2, Device.Messages.Count);
        Assert.All(Device.Messages, static message => Assert.Equal(3, message[7]));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_RequestInFlightAndOneThatWaits_TheFirstIsAnsweredAndThenFinComes(string transport)
    {
        using var gate = await StartModbusAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync([
            .. ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)),
            .. ModbusMessages.Tcp(2, ModbusMessages.Write(1, 2, 2)),
        ]);
        await SentAsync(1);
        await QueuedAsync(1);

        client.End();
        await QueuedAsync(0);
        gate.Release(2);

        Assert.Equal(ModbusMessages.Value(1, 1), await client.ReadReplyAsync(1));
        Assert.Equal("", await client.ReadEndAsync());
        Assert.Single(Device.Messages);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_MoreRequestsThanAreReadAhead_NoneOfThemRuns(string transport)
    {
        using var gate = await StartModbusAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync([
            .. Enumerable.Range(0, 40).SelectMany(static id => ModbusMessages.Tcp(id, ModbusMessages.Write(1, id, 1))),
        ]);
        await SentAsync(1);
        await QueuedAsync(15);

        client.End();
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(Tick); // the portable transport looks now and then
            return Multiplexer.Status.Queued == 0;
        });
        gate.Release(100);

        Assert.Equal(ModbusMessages.Write(1, 0, 1), await client.ReadReplyAsync(0));
        Assert.Equal("", await client.ReadEndAsync());
        Assert.Single(Device.Messages);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_OthersWaitForTheSameRead_ItIsSentForThemOrForNobody(string transport)
    {
        using var gate = await StartModbusAsync(transport, Tcp);
        var clients = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Multiplexer.ConnectAsync()));
        await clients[0].SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)));
        await SentAsync(1);
        foreach (var (number, client) in clients.Index().Skip(1))
        {
            await client.SendAsync(ModbusMessages.Tcp(number, ModbusMessages.Read(1, 2)));
            await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Count(static record => record.ClientBytes == 12) == number + 1);
        }

        await QueuedAsync(1);
        clients[3].Dispose(); // before the one that it waits with
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 4);
        clients[1].Dispose();
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 3);
        clients[2].Dispose();
        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 2);
        Assert.Equal(1, Multiplexer.Status.Queued);
        gate.Release(100);
        Assert.Equal(ModbusMessages.Value(1, 2), await clients[4].ReadReplyAsync(4));
        Assert.Equal(2, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_ReadThatWasLostInFlight_IsNotSentAgain(string transport)
    {
        using var gate = await StartModbusAsync(transport, Tcp);
        Device.OnMessage = async (_, peer) =>
        {
            await gate.WaitAsync(Eventually.Limit);
            peer.Reset();
        };
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync([.. ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)), .. ModbusMessages.Tcp(2, ModbusMessages.Read(1, 3))]);
        await SentAsync(1);
        await QueuedAsync(1);
        using var live = await Multiplexer.ConnectAsync();
        client.End();
        await QueuedAsync(0); // it is known that it has left
        await live.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 2)));
        await QueuedAsync(1);
        Device.AnswerModbus(static adu => ModbusMessages.Value(adu[0], 9));
        gate.Release(1);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);

        Assert.Equal(ModbusMessages.Exception(1, 3, 0x0B), await client.ReadReplyAsync(1));
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(Tick);
            return Device.Messages.Count == 2;
        });
        Assert.Equal(ModbusMessages.Value(1, 9), await live.ReadReplyAsync(1));
    }

    [Theory]
    [InlineData(Multiplexer.Portable, Line, "", true)]
    [InlineData(Multiplexer.Loops, Line, "", true)]
    [InlineData(Multiplexer.Portable, Line, "\"DropUnsent\": \"Always\"", false)]
    [InlineData(Multiplexer.Loops, Line, "\"DropUnsent\": \"Always\"", false)]
    [InlineData(Multiplexer.Loops, "\"Framing\": { \"Delimiter\": { \"Bytes\": \"\\n\" } }", "", true)]
    [InlineData(Multiplexer.Loops, "\"Framing\": { \"Delimiter\": { \"Bytes\": \"\\n\" } }", "\"DropUnsent\": \"Always\"", false)]
    public async Task Close_ShellPipe_IsAnsweredUnlessTheRouteSaysOtherwise(string transport, string cluster, string route, bool isAnswered)
    {
        await StartAsync(transport, cluster, route);
        using var gate = Gate();
        var (_, pipe) = await AskBothAsync("1", "2");

        pipe.End();
        if (!isAnswered)
        {
            await QueuedAsync(0);
        }

        gate.Release(2);

        Assert.Equal(isAnswered ? "=2" : "", await pipe.ReadLineAsync());
        Assert.Equal("", await pipe.ReadEndAsync());
        Assert.Equal(isAnswered ? ["1", "2"] : (string[])["1"], Device.Lines);
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "iso8583", "0004")]
    [InlineData(Multiplexer.Loops, "mpu", "30303032")]
    public async Task Close_PaymentProtocols_DropWhatWaits(string transport, string protocol, string header)
    {
        Device.OnConnect = static async peer =>
        {
            await peer.ReadEndAsync();
            return false;
        };
        await StartAsync(transport, $"\"Protocol\": \"{protocol}\"");
        var message = Convert.FromHexString(
            header + string.Concat(Enumerable.Repeat("41", int.Parse(header[^1..], CultureInfo.InvariantCulture)))
        );
        using var busy = await Multiplexer.ConnectAsync();
        await busy.SendAsync(message);
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ InFlight: 1 }]);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(message);
        await QueuedAsync(1);

        client.End();

        await QueuedAsync(0);
        Assert.Equal("", await client.ReadEndAsync());
        await Device.DisposeAsync();
        Assert.Equal("reset", await busy.ReadEndAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_ModbusWithOnReset_IsAnswered(string transport)
    {
        using var gate = await StartModbusAsync(transport, Tcp, "\"DropUnsent\": \"OnReset\"");
        var (_, client) = await AskBothAsync(
            ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)),
            ModbusMessages.Tcp(2, ModbusMessages.Read(1, 2))
        );

        client.End();
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Count(static record => record.ClientBytes == 12) == 2);
        gate.Release(2);

        Assert.Equal(ModbusMessages.Value(1, 2), await client.ReadReplyAsync(2));
    }

    private async Task<SemaphoreSlim> StartModbusAsync(string transport, string cluster, string route = "")
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(static adu => adu[1] == 3 ? ModbusMessages.Value(adu[0], (adu[2] << 8) | adu[3]) : adu);
        await StartAsync(transport, cluster, route);
        return Gate();
    }
}
