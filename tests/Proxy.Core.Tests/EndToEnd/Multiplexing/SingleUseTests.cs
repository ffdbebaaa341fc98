using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Destinations that close their connection after each answer.</summary>
public sealed class SingleUseTests : SessionTestBase
{
    private const string Tcp = "\"Protocol\": \"modbus-tcp\", \"Modbus\": { \"Coalesce\": false }";

    public override Task InitializeAsync()
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(static adu => adu[1] == 3 ? ModbusMessages.Value(adu[0], (adu[2] << 8) | adu[3]) : adu);
        var answer = Device.OnMessage;
        Device.OnMessage = async (message, peer) =>
        {
            await answer(message, peer);
            peer.Dispose();
        };
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_ManyClients_NoReadIsLostAndNoWriteOnceItIsLearned(string transport)
    {
        await StartAsync(transport, Tcp);
        await AskAsync(rounds: 5, writes: false);
        Assert.True(Multiplexer.Status.ClosesAfterEachAnswer);
        var seen = Device.Messages.Count;

        await AskAsync(rounds: 50, writes: true);

        Assert.Equal(seen + (8 * 50), Device.Messages.Count); // nothing was sent twice
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_LineDevice_NoRequestIsLostOnceItIsLearned(string transport)
    {
        Device = Add(new Device());
        Device.OnMessage = static async (message, peer) =>
        {
            await peer.SendAsync([(byte)'=', .. message]);
            peer.Dispose();
        };
        await StartAsync(transport, "\"Protocol\": \"line\"");
        for (var round = 0; round < 50 && !Multiplexer.Status.ClosesAfterEachAnswer; round++)
        {
            using var client = await Multiplexer.ConnectAsync();
            await client.AskAsync("x"); // may be lost: it may have been executed
            await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.Count == 0);
        }

        var clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Multiplexer.ConnectAsync()));
        await Task.WhenAll(
            clients.Select(
                static async (client, number) =>
                {
                    for (var round = 0; round < 25; round++)
                    {
                        Assert.Equal($"={number}.{round}", await client.AskAsync($"{number}.{round}"));
                    }
                }
            )
        );
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Learned_AnHourLater_IsForgotten(string transport)
    {
        using var log = new LogLines();
        await StartAsync(transport, Tcp, "", log);
        await AskAsync(rounds: 5, writes: false);
        Assert.Single(log.Lines, static line => line.Contains("closes its connection after each answer", StringComparison.Ordinal));

        Time.Advance(TimeSpan.FromHours(1) + Tick);

        Assert.False(Multiplexer.Status.ClosesAfterEachAnswer);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_LongAfterTheAnswer_IsAnIdleTimeoutAndNotLearned(string transport)
    {
        Device.AnswerModbus(static adu => ModbusMessages.Value(adu[0], 1));
        await StartAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        for (var round = 0; round < 5; round++)
        {
            await client.AskAsync(round, ModbusMessages.Read(1, 1));
            Time.Advance(TimeSpan.FromSeconds(30));
            await Eventually.TrueAsync(() => Device.Open.Count == 1); // the one before may still be there
            Device.Open.Single().Dispose();
            await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.Count == 0);
        }

        Assert.False(Multiplexer.Status.ClosesAfterEachAnswer);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Repeat_OtherLanesWait_IsTheFirstOnTheFreshConnection(string transport)
    {
        using var gate = new SemaphoreSlim(0);
        Device.OnMessage = async (_, peer) =>
        {
            await gate.WaitAsync(Eventually.Limit);
            peer.Reset();
        };
        await StartAsync(transport, Tcp);
        var clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Multiplexer.ConnectAsync()));
        for (var number = 0; number < 4; number++)
        {
            await clients[number].SendAsync(ModbusMessages.Tcp(number, ModbusMessages.Read(1, number)));
            await (number == 0 ? SentAsync(1) : QueuedAsync(number));
        }

        Device.AnswerModbus(static adu => ModbusMessages.Value(adu[0], adu[3]));
        gate.Release();
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(Tick); // it never answered, so that it is given a rest
            return Device.Messages.Count == 5;
        });

        Assert.Equal([0, 0, 1, 2, 3], Device.Messages.Select(static message => (int)message[9]));
    }

    private async Task AskAsync(int rounds, bool writes)
    {
        var clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Multiplexer.ConnectAsync()));
        await Task.WhenAll(
            clients.Select(
                async (client, number) =>
                {
                    for (var round = 0; round < rounds; round++)
                    {
                        var address = (100 * number) + round;
                        var isWrite = writes && round % 2 == 0;
                        var asked = isWrite ? ModbusMessages.Write(1, address, round) : ModbusMessages.Read(1, address);
                        Assert.Equal(isWrite ? asked : ModbusMessages.Value(1, address), await client.AskAsync(round, asked));
                    }
                }
            )
        );
        foreach (var client in clients)
        {
            client.Dispose();
        }

        await Eventually.TrueAsync(() => Multiplexer.Status.Clients.Count == 0);
    }
}
