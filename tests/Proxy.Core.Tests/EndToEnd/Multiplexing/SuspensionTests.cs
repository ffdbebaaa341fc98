using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>What does not answer is suspended, and nothing else: a silent register does not make its unit dead.</summary>
public sealed class SuspensionTests : SessionTestBase
{
    private const int Silent = 900; // the registers from here on are never answered
    private const string Tcp = """
        "Protocol": "modbus-tcp", "ResponseTimeout": "00:00:05", "RetryDelay": "00:00:10", "MaxRetryDelay": "00:00:40", "Modbus": { "Coalesce": false }
        """;
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5) + Tick;
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(10) + Tick;
    private volatile bool _isDead;
    private int _id;

    public override Task InitializeAsync()
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(adu =>
            (adu[2] << 8 | adu[3]) >= Silent || (_isDead && adu[0] == 9) ? null : ModbusMessages.Value(adu[0], (adu[2] << 8) | adu[3])
        );
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Register_NeverAnswered_OtherRegistersOfItsUnitAreReadAsBefore(string transport)
    {
        await StartAsync(transport, Tcp);
        using var bad = await Multiplexer.ConnectAsync();
        using var good = await Multiplexer.ConnectAsync();

        for (var round = 0; round < 6; round++)
        {
            await TimeOutAsync(bad, 1, Silent);
            for (var read = 0; read < 10; read++)
            {
                Assert.Equal(ModbusMessages.Value(1, read), await AskAsync(good, 1, read));
            }

            Assert.Equal(ModbusMessages.Exception(1, 3, 0x0B), await AskAsync(bad, 1, Silent)); // at once, and not sent
            Time.Advance(TimeSpan.FromSeconds(40) + Tick);
        }

        Assert.Equal(6 * 11, Device.Messages.Count);
        Assert.Empty(Multiplexer.Status.SuspendedUnits);
        Assert.Equal(["unit 1, function 3, address 900"], Multiplexer.Status.SuspendedRequests);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Register_ProbeIsOut_OthersOfItsUnitAreServed(string transport)
    {
        await StartAsync(transport, Tcp + """, "MaxInFlight": 4 """);
        using var bad = await Multiplexer.ConnectAsync();
        using var good = await Multiplexer.ConnectAsync();
        await TimeOutAsync(bad, 1, Silent);
        Time.Advance(_pause);
        var seen = Device.Messages.Count;

        await bad.SendAsync(ModbusMessages.Tcp(1000, ModbusMessages.Read(1, Silent))); // the probe
        await SentAsync(seen + 1);

        Assert.Equal(ModbusMessages.Value(1, 7), await AskAsync(good, 1, 7));
        Assert.Equal(ModbusMessages.Exception(1, 3, 0x0B), await AskAsync(good, 1, Silent));
        Assert.Equal(seen + 2, Device.Messages.Count);
        Time.Advance(_timeout);
        Assert.Equal(ModbusMessages.Exception(1, 3, 0x0B), await bad.ReadReplyAsync(1000));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Unit_ThreeDifferentRequestsInARow_IsSuspendedUntilAProbeIsAnswered(string transport)
    {
        _isDead = true;
        await StartAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();

        await TimeOutAsync(client, 9, 1);
        await TimeOutAsync(client, 9, 2);
        Assert.Empty(Multiplexer.Status.SuspendedUnits);
        await TimeOutAsync(client, 9, 3);
        Assert.Equal([9], Multiplexer.Status.SuspendedUnits);
        var seen = Device.Messages.Count;
        Assert.Equal(ModbusMessages.Exception(9, 3, 0x0B), await AskAsync(client, 9, 4));
        Assert.Equal(seen, Device.Messages.Count);
        Assert.Equal(ModbusMessages.Value(1, 4), await AskAsync(other, 1, 4));

        _isDead = false;
        Time.Advance(_pause);
        Assert.Equal(ModbusMessages.Value(9, 5), await AskAsync(client, 9, 5));
        Assert.Equal(ModbusMessages.Value(9, 6), await AskAsync(client, 9, 6));
        Assert.Empty(Multiplexer.Status.SuspendedUnits);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Unit_AnsweredInBetween_IsNotSuspended(string transport)
    {
        await StartAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        for (var register = Silent; register < Silent + 6; register++)
        {
            await TimeOutAsync(client, 1, register);
            Assert.Equal(ModbusMessages.Value(1, 1), await AskAsync(client, 1, 1));
        }

        Assert.Empty(Multiplexer.Status.SuspendedUnits);
        Assert.Equal(6, Multiplexer.Status.SuspendedRequests.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Unit_SecondRequestWhileOtherUnitsWait_IsSuspended(string transport)
    {
        _isDead = true;
        await StartAsync(transport, Tcp + """, "LateReply": "Reconnect" """);
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();
        for (var register = 1; register <= 2; register++)
        {
            var seen = Device.Messages.Count;
            var id = ++_id;
            await client.SendAsync(ModbusMessages.Tcp(id, ModbusMessages.Read(9, register)));
            await SentAsync(seen + 1);
            await other.SendAsync(ModbusMessages.Tcp(id, ModbusMessages.Read(1, register)));
            await QueuedAsync(1);
            Time.Advance(_timeout);
            Assert.Equal(ModbusMessages.Exception(9, 3, 0x0B), await client.ReadReplyAsync(id));
            Assert.Equal(ModbusMessages.Value(1, register), await other.ReadReplyAsync(id));
        }

        Assert.Equal([9], Multiplexer.Status.SuspendedUnits);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Unit_AliveAgainWhileASilentRegisterIsPolled_ItsProbesAreNotAllThatRegister(string transport)
    {
        _isDead = true;
        await StartAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        foreach (var register in (int[])[1, 2, Silent])
        {
            await TimeOutAsync(client, 9, register);
        }

        _isDead = false;
        Time.Advance(_pause);
        var seen = Device.Messages.Count;

        Assert.Equal(ModbusMessages.Exception(9, 3, 0x0B), await AskAsync(client, 9, Silent)); // the last probe was this one
        Assert.Equal(ModbusMessages.Value(9, 5), await AskAsync(client, 9, 5));
        Assert.Empty(Multiplexer.Status.SuspendedUnits);
        Assert.Equal(seen + 1, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Suspended_Told_OnceEachWay(string transport)
    {
        using var log = new LogLines();
        await StartAsync(transport, Tcp, "", log);
        using var client = await Multiplexer.ConnectAsync();
        _isDead = true;
        await TimeOutAsync(client, 9, 5);
        await AskAsync(client, 9, 5);
        await AskAsync(client, 9, 5);
        _isDead = false;
        Time.Advance(_pause);
        await AskAsync(client, 9, 5);

        await Eventually.TrueAsync(() =>
            log.Lines.Any(static line => line.Contains("unit 9, function 3, address 5 answers again", StringComparison.Ordinal))
        );
        Assert.Single(
            log.Lines,
            static line => line.Contains("unit 9, function 3, address 5 did not answer in time", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Suspended_NobodyAsksAgain_IsForgotten(string transport)
    {
        await StartAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        await TimeOutAsync(client, 1, Silent);

        Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Single(Multiplexer.Status.SuspendedRequests);
        Time.Advance(TimeSpan.FromSeconds(20));

        Assert.Empty(Multiplexer.Status.SuspendedRequests);
    }

    private async Task<byte[]> AskAsync(MultiplexPeer client, byte unit, int register) =>
        await client.AskAsync(++_id, ModbusMessages.Read(unit, register));

    private async Task TimeOutAsync(MultiplexPeer client, byte unit, int register)
    {
        var seen = Device.Messages.Count;
        var id = ++_id;
        await client.SendAsync(ModbusMessages.Tcp(id, ModbusMessages.Read(unit, register)));
        await SentAsync(seen + 1);
        Time.Advance(_timeout);
        Assert.Equal(ModbusMessages.Exception(unit, 3, 0x0B), await client.ReadReplyAsync(id));
    }
}
