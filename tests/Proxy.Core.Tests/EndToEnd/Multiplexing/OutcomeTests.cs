using System.Diagnostics.Metrics;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Every request of a client is counted once, by how it ended.</summary>
public sealed class OutcomeTests : SessionTestBase
{
    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Requests_RefusedAndSentAgain_AreOneLineEachAMinute(string transport)
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(static adu => ModbusMessages.Value(adu[0], adu[3]));
        var answer = Device.OnMessage;
        Device.OnMessage = (message, peer) =>
        {
            if (Device.Messages.Count > 1)
            {
                return answer(message, peer);
            }

            peer.Reset();
            return Task.CompletedTask;
        };
        using var log = new LogLines();
        await StartAsync(transport, "\"Protocol\": \"modbus-tcp\"", "\"Modbus\": { \"Writes\": \"Deny\" }", log);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 5)));
        await Eventually.TrueAsync(() =>
        {
            Time.Advance(Tick);
            return Device.Messages.Count == 2;
        });
        await client.ReadReplyAsync(1);

        for (var id = 2; id < 7; id++)
        {
            await client.AskAsync(id, ModbusMessages.Write(1, 1, 1));
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, Multiplexer.Status.Repeated);
        Assert.Equal(["Denied 1"], Refusals(log));
        Assert.Single(
            log.Lines,
            static line => line.Contains("requests were sent again, since their connection was lost: 1.", StringComparison.Ordinal)
        );
        Time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(() => Refusals(log).Count == 2);
        Assert.Equal(["Denied 1", "Denied 4"], Refusals(log));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Requests_EachOutcome_IsInStatusAndMetrics(string transport)
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(static adu =>
            adu[3] == 99 ? null
            : adu[3] == 98 ? ModbusMessages.Exception(adu[0], adu[1], 2)
            : ModbusMessages.Value(adu[0], adu[3])
        );
        await StartAsync(
            transport,
            """ "Protocol": "modbus-tcp", "ResponseTimeout": "00:00:05", "Modbus": { "CacheFor": "00:10:00" } """,
            """ "Modbus": { "Writes": "Deny" } """
        );
        using var counted = new Measured(Multiplexer.Service<IMeterFactory>(), "proxy.multiplex.requests");
        using var client = await Multiplexer.ConnectAsync();
        await client.AskAsync(1, ModbusMessages.Read(1, 1)); // Answered
        await client.AskAsync(2, ModbusMessages.Read(1, 1)); // Cached
        await client.AskAsync(3, ModbusMessages.Read(1, 98)); // DeviceException
        await client.AskAsync(4, ModbusMessages.Write(1, 1, 1)); // Denied
        await client.SendAsync(ModbusMessages.Tcp(5, ModbusMessages.Read(1, 99)));
        await SentAsync(3);
        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        await client.ReadReplyAsync(5); // NoAnswer
        await client.AskAsync(6, ModbusMessages.Read(1, 99)); // Suspended
        using var gate = Gate();
        var (_, gone) = await AskBothAsync(
            ModbusMessages.Tcp(7, ModbusMessages.Read(1, 7)),
            ModbusMessages.Tcp(8, ModbusMessages.Read(1, 8))
        );
        gone.End();
        await QueuedAsync(0); // Dropped
        gate.Release(1);
        await Eventually.TrueAsync(() => Multiplexer.Status.Requests.GetValueOrDefault("Answered") == 2 && counted.Count == 8);

        Assert.Equal(
            new Dictionary<string, long>
            {
                ["Answered"] = 2,
                ["Cached"] = 1,
                ["Denied"] = 1,
                ["DeviceException"] = 1,
                ["Dropped"] = 1,
                ["NoAnswer"] = 1,
                ["Suspended"] = 1,
            },
            Multiplexer.Status.Requests
        );
        Assert.Equal(8, counted.Count);
    }

    private static IReadOnlyList<string> Refusals(LogLines log) =>
        [
            .. log
                .Lines.Where(static line => line.Contains("requests were refused", StringComparison.Ordinal))
                .Select(static line => line.Split("refused: ")[1].Split('.')[0]),
        ];
}
