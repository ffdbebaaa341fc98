using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Multiplexing;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Multiplexing;
using Yarp.ReverseProxy;

namespace Proxy.Core.Tests.Conditions.Rules;

/// <summary>A Modbus device that accepts connections and answers, or not.</summary>
public sealed class DeviceConditionsTests : SessionTestBase
{
    private const string Tcp = """
        "Protocol": "modbus-tcp", "ResponseTimeout": "00:00:05", "RetryDelay": "00:00:10", "MaxRetryDelay": "00:00:40", "Modbus": { "Coalesce": false }
        """;

    private volatile bool _isMute;
    private volatile int _deadUnit = -1;
    private int _id;

    public override Task InitializeAsync()
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(adu => _isMute || adu[0] == _deadUnit ? null : ModbusMessages.Value(adu[0], (adu[2] << 8) | adu[3]));
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Read_AcceptsAndIsMute_DownSinceTheFirstTimeoutUntilItAnswers(string transport)
    {
        await StartAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        await client.AskAsync(++_id, ModbusMessages.Read(1, 0));
        Assert.Equal(ConditionLevel.Ok, Device1.Level);
        _isMute = true;

        await TimeOutAsync(client, 1, 0);
        var first = Time.GetUtcNow();
        Assert.Equal((ConditionLevel.Degraded, ConditionReason.NoAnswer), (Device1.Level, Device1.Reason));
        for (var more = 1; more < 3; more++)
        {
            await TimeOutAsync(client, 1, more);
        }

        Assert.Equal((ConditionLevel.Down, ConditionReason.NoAnswer, 3), (Device1.Level, Device1.Reason, Device1.Count));
        Assert.InRange(Device1.Since!.Value, first - TimeSpan.FromSeconds(1), first);
        Assert.Equal((ConditionLevel.Down, ConditionReason.Suspended), (Unit(1).Level, Unit(1).Reason));

        Assert.Equal(
            (ConditionLevel.Down, ConditionReason.NoAnswer, Device1.Since),
            All()
                .Where(static one => one.Kind == ConditionKind.Destination)
                .Select(static one => (one.Level, one.Reason, one.Since))
                .Single()
        );
        Assert.Equal(ConditionLevel.Down, Assert.Single(All(), static one => one.Kind == ConditionKind.Cluster).Level);

        // What is suspended is asked for by a probe alone, every 40 s at most: the condition stays.
        Time.Advance(TimeSpan.FromSeconds(39));
        Assert.Equal(ConditionLevel.Down, Device1.Level);
        _isMute = false;
        Time.Advance(TimeSpan.FromSeconds(40));
        await client.AskAsync(++_id, ModbusMessages.Read(1, 7));
        await Eventually.TrueAsync(() => Device1.Level < ConditionLevel.Down);
        Assert.DoesNotContain(All(), static one => one.Kind == ConditionKind.Unit);
    }

    [Fact]
    public async Task Read_OneUnitIsMute_DeviceDegradedAndTheUnitDown()
    {
        await StartAsync(Multiplexer.Portable, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        _deadUnit = 9;
        for (var register = 0; register < 3; register++)
        {
            await TimeOutAsync(client, 9, register);
        }

        await client.AskAsync(++_id, ModbusMessages.Read(1, 0));
        await Eventually.TrueAsync(() => Device1.Level == ConditionLevel.Degraded);

        Assert.Equal(ConditionReason.Suspended, Device1.Reason);
        Assert.Contains("unit 9", Device1.LastError, StringComparison.Ordinal);
        Assert.Equal("c/d/9", Unit(9).Id);
    }

    [Fact]
    public async Task Read_ProbesOfAMuteUnitTimeOut_StaysSuspendedSinceOthersAnswer()
    {
        await StartAsync(Multiplexer.Portable, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        _deadUnit = 9;
        await TimeOutAsync(client, 9, 7);
        for (var probe = 0; probe < 3; probe++)
        {
            await client.AskAsync(++_id, ModbusMessages.Read(1, 0));
            await Eventually.TrueAsync(() => Device1.Reason == ConditionReason.Suspended);
            Time.Advance(TimeSpan.FromSeconds(41));
            await TimeOutAsync(client, 9, 7);
            Assert.Equal((ConditionLevel.Degraded, ConditionReason.Suspended), (Device1.Level, Device1.Reason));
        }
    }

    [Fact]
    public async Task Read_NobodyAsksTheMuteDeviceAgain_NothingSaysThatItIsMute()
    {
        await StartAsync(Multiplexer.Portable, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        _isMute = true;
        for (var register = 0; register < 3; register++)
        {
            await TimeOutAsync(client, 1, register);
        }

        Assert.Equal(ConditionLevel.Down, Device1.Level);
        Time.Advance(TimeSpan.FromMinutes(12));

        Assert.Equal(ConditionLevel.Ok, Device1.Level);
    }

    [Fact]
    public async Task Read_AddressIsBeingEdited_OneDeviceAtEachMoment()
    {
        var time = new HookedTime();
        using var closed = Loopback.Reserve();
        await using var proxy = new Multiplexer(Multiplexer.Portable, time);
        MultiplexCluster[] Clusters(int port) => [Cluster(proxy, "a", closed.Port()), Cluster(proxy, "c", port)];
        proxy.Registry.Apply(Clusters(closed.Port()));
        await Eventually.TrueAsync(() => proxy.Registry.Status.All(static one => one.Failures is not null));
        using var other = Loopback.Reserve();
        var seen = new List<int>();
        var moments = 0;
        time.OnRead = () =>
        {
            moments++;
            seen.Add(proxy.Registry.Brief.Count(static one => one is { ClusterId: "c", IsRetired: false }));
            _ = proxy.Service<ConditionRegistry>().Read();
        };

        proxy.Registry.Apply(Clusters(other.Port()));
        time.OnRead = null;

        Assert.NotEqual(0, moments);
        Assert.All(seen, static devices => Assert.Equal(1, devices));
    }

    [Fact]
    public async Task Read_CannotBeConnected_Down()
    {
        await StartAsync(Multiplexer.Portable, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        await Device.DisposeAsync();
        await client.SendAsync(ModbusMessages.Tcp(++_id, ModbusMessages.Read(1, 0)));

        await Eventually.TrueAsync(() => Device1.Level == ConditionLevel.Down);
        Assert.Equal(ConditionReason.ConnectionLost, Device1.Reason);
        Assert.NotNull(Device1.LastError);
    }

    [Fact]
    public async Task Read_QueueIsFull_Degraded()
    {
        await StartAsync(Multiplexer.Portable, Tcp, """ "QueueLimit": 1 """);
        var gate = Gate();
        using var client = await Multiplexer.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(ModbusMessages.Tcp(++_id, ModbusMessages.Read(1, i)));
        }

        await Eventually.TrueAsync(() => Device1.Reason == ConditionReason.QueueFull);
        Assert.Equal(ConditionLevel.Degraded, Device1.Level);
        Assert.InRange(Device1.Count, 1, 2); // the first one may still wait for the connection
        gate.Release(10);
    }

    private static MultiplexCluster Cluster(Multiplexer proxy, string id, int port) =>
        new(
            new(id, proxy.Service<IProxyStateLookup>()),
            new UpstreamSettings(
                new ClusterSection
                {
                    Multiplex = new() { Connect = MultiplexConnect.Always, RetryDelay = TimeSpan.FromMinutes(1) },
                },
                Device.Line
            ),
            new Dictionary<string, string> { ["d"] = $"tcp://127.0.0.1:{port}" }
        );

    private Condition Device1 => Assert.Single(All(), static one => one.Kind == ConditionKind.Device);

    private Condition Unit(int unit) => Assert.Single(All(), one => one.Kind == ConditionKind.Unit && one.Id == $"c/d/{unit}");

    private IReadOnlyList<Condition> All() => Multiplexer.Service<ConditionRegistry>().Read();

    private async Task TimeOutAsync(MultiplexPeer client, byte unit, int register)
    {
        var seen = Device.Messages.Count;
        var id = ++_id;
        await client.SendAsync(ModbusMessages.Tcp(id, ModbusMessages.Read(unit, register)));
        await SentAsync(seen + 1);
        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal(ModbusMessages.Exception(unit, 3, 0x0B), await client.ReadReplyAsync(id));
    }

    /// <summary>The time of the system, which tells the thread that set a callback when it asks for it.</summary>
    private sealed class HookedTime : TimeProvider
    {
        private volatile Action? _onRead;
        private volatile int _thread;

        public Action? OnRead
        {
            set => (_thread, _onRead) = (Environment.CurrentManagedThreadId, value);
        }

        public override long GetTimestamp()
        {
            if (Environment.CurrentManagedThreadId == _thread && _onRead is { } read)
            {
                _onRead = null; // what it calls asks, too
                read();
                _onRead = read;
            }

            return base.GetTimestamp();
        }
    }
}
