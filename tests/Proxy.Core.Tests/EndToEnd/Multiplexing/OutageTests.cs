using System.Diagnostics.Metrics;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>An inverter's night: refused connections, then none that answer, then its morning. Nobody restarts anything.</summary>
public sealed class OutageTests : SessionTestBase
{
    private const string Inverter = """
        "Protocol": "modbus-tcp", "ConnectDelay": "00:00:02", "ResponseTimeout": "00:00:20", "RetryDelay": "00:00:01", "MaxRetryDelay": "00:00:30"
        """;
    private static readonly TimeSpan _poll = TimeSpan.FromSeconds(10);
    private int _asked;

    public override Task InitializeAsync()
    {
        Device = Morning(0);
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Night_ClientsThatPoll_KeepTheirConnectionsAndAreServedAgainByThemselves(string transport)
    {
        await StartAsync(transport, Inverter);
        using var dials = new Measured(Multiplexer.Service<IMeterFactory>(), "proxy.dial.duration", "failed");
        using var one = await Multiplexer.ConnectAsync();
        using var two = await Multiplexer.ConnectAsync();
        await DayAsync(one, two);
        var port = Device.Port;
        await Device.DisposeAsync();
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.Count == 0);

        // Four hours in which it refuses.
        var before = dials.Count;
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromHours(4); passed += _poll)
        {
            await IsAbsentAsync(one);
            await IsAbsentAsync(two);
            Time.Advance(_poll);
        }

        Assert.InRange(dials.Count - before, (4 * 120) - 20, (4 * 120) + 20); // one in 30 s

        // Two hours in which nothing answers: who asks waits for a dial at most, and all others are told at once.
        using (new BlackHole(port))
        {
            for (var passed = TimeSpan.Zero; passed < TimeSpan.FromHours(2); passed += TimeSpan.FromSeconds(30))
            {
                Time.Advance(TimeSpan.FromSeconds(30));
                await IsAbsentWhileDiallingAsync(one);
                await IsAbsentAsync(two);
            }
        }

        Device = Morning(port);
        Time.Advance(TimeSpan.FromSeconds(30) + Tick);
        var questions = _asked;
        await DayAsync(one, two);

        Assert.Equal(_asked - questions, Device.Messages.Count); // nothing of the night
        Assert.Equal((1, 1, 1), Device.Connections);
        Assert.Equal(2, Multiplexer.Status.Clients.Count);
        Assert.Equal(TimeSpan.Zero, Multiplexer.Status.RetryIn);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Night_ConnectionThatIsKeptAlways_IsMadeAgainWithoutAnybodyAsking(string transport)
    {
        await StartAsync(transport, Inverter + """, "Connect": "Always" """);
        await OpenAsync(1);
        var port = Device.Port;
        await Device.DisposeAsync();
        await Eventually.TrueAsync(() => Multiplexer.Status.RetryIn > TimeSpan.Zero);
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromHours(2); passed += _poll)
        {
            Time.Advance(_poll);
        }

        Device = Morning(port);

        await Eventually.TrueAsync(() =>
        {
            Time.Advance(Multiplexer.Status.RetryIn > TimeSpan.Zero ? Tick : TimeSpan.Zero);
            return Device.Connections.Open == 1;
        });
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Dusk_DeviceFallsSilent_WhoWaitedIsToldAndNothingStaleRuns(string transport)
    {
        await StartAsync(transport, Inverter, """ "QueueTimeout": "00:00:15" """);
        using var one = await Multiplexer.ConnectAsync();
        using var two = await Multiplexer.ConnectAsync();
        await DayAsync(one, two);
        var answer = Device.OnMessage;
        Device.OnMessage = static (_, _) => Task.CompletedTask;
        var seen = Device.Messages.Count;
        await one.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)));
        await SentAsync(seen + 1);
        await two.SendAsync(ModbusMessages.Tcp(2, ModbusMessages.Write(1, 2, 2)));
        await QueuedAsync(1);

        Time.Advance(TimeSpan.FromSeconds(15) + Tick);
        Assert.Equal(ModbusMessages.Exception(1, 6, 0x06), await two.ReadReplyAsync(2));
        Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(ModbusMessages.Exception(1, 3, 0x0B), await one.ReadReplyAsync(1));
        Device.OnMessage = answer;
        Time.Advance(TimeSpan.FromSeconds(30) + Tick);

        Assert.Equal(ModbusMessages.Value(1, 3), await two.AskAsync(3, ModbusMessages.Read(1, 3)));
        Assert.Equal(seen + 2, Device.Messages.Count);
    }

    private Device Morning(int port)
    {
        var device = Add(new Device(Device.ModbusTcp, port));
        device.AnswerModbus(static adu => adu[1] == 3 ? ModbusMessages.Value(adu[0], (adu[2] << 8) | adu[3]) : adu);
        return device;
    }

    // The first question waits until the device is used to its connection.
    private async Task DayAsync(params MultiplexPeer[] clients)
    {
        for (var round = 0; round < 20; round++)
        {
            foreach (var client in clients)
            {
                var number = ++_asked & 0x7FFF;
                var asking = client.AskAsync(number, ModbusMessages.Read(1, number));
                await Eventually.TrueAsync(() =>
                {
                    Time.Advance(Multiplexer.Status.Upstreams is [{ State: UpstreamState.Resting }] ? Tick : TimeSpan.Zero);
                    return asking.IsCompleted;
                });
                Assert.Equal(ModbusMessages.Value(1, number), await asking);
            }
        }
    }

    private async Task IsAbsentAsync(MultiplexPeer client)
    {
        var number = ++_asked & 0x7FFF;
        Assert.Equal(ModbusMessages.Exception(1, 3, 0x0A), await client.AskAsync(number, ModbusMessages.Read(1, number)));
    }

    private async Task IsAbsentWhileDiallingAsync(MultiplexPeer client)
    {
        var asking = IsAbsentAsync(client);
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Assert.False(asking.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(5));
        await asking;
    }
}
