using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>What only Modbus has: exceptions, units, writes, conversions.</summary>
public sealed class ModbusTests : SessionTestBase
{
    private const string Tcp = "\"Protocol\": \"modbus-tcp\"";
    private const string Rtu = "\"Protocol\": \"modbus-rtu-over-tcp\"";

    public override Task InitializeAsync()
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(static adu => adu[1] == 3 ? ModbusMessages.Value(adu[0], (adu[2] << 8) | adu[3]) : adu);
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_SameIdFromManyClients_EachGetsItsOwnReplyWithItsId(string transport)
    {
        await StartAsync(transport, Tcp + """, "MaxInFlight": 8, "Modbus": { "Coalesce": false } """);
        var clients = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Multiplexer.ConnectAsync()));

        await Task.WhenAll(
            clients.Select(
                async (client, number) =>
                {
                    for (var round = 0; round < 20; round++)
                    {
                        var address = (100 * number) + round;
                        Assert.Equal(ModbusMessages.Value(1, address), await client.AskAsync(1, ModbusMessages.Read(1, address)));
                    }
                }
            )
        );

        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task MaxInFlight_RepliesInAnyOrder_FindTheirRequests(string transport)
    {
        var held = new List<byte[]>();
        Device.OnMessage = async (message, peer) =>
        {
            held.Add(ModbusMessages.Tcp((message[0] << 8) | message[1], ModbusMessages.Value(1, (message[8] << 8) | message[9])));
            if (held.Count == 4)
            {
                held.Reverse();
                await peer.SendAsync([.. held.SelectMany(static reply => reply)]);
            }
        };
        await StartAsync(transport, Tcp + """, "MaxInFlight": 4 """);
        var clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Multiplexer.ConnectAsync()));

        var replies = await Task.WhenAll(clients.Select(static (client, number) => client.AskAsync(7, ModbusMessages.Read(1, number))));

        Assert.Equal(Enumerable.Range(0, 4).Select(static number => ModbusMessages.Value(1, number)), replies);
        Assert.Equal(4, Device.Messages.Select(static message => (message[0], message[1])).Distinct().Count());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task MaxInFlight_OneClientsRepliesInAnyOrder_AreGivenInItsOwn(string transport)
    {
        var held = new List<byte[]>();
        Device.OnMessage = async (message, peer) =>
        {
            held.Insert(0, ModbusMessages.Tcp((message[0] << 8) | message[1], ModbusMessages.Value(1, (message[8] << 8) | message[9])));
            if (held.Count == 3)
            {
                await peer.SendAsync([.. held.SelectMany(static reply => reply)]);
            }
        };
        await StartAsync(transport, Tcp + """, "MaxInFlight": 3 """);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync([
            .. ModbusMessages.Tcp(5, ModbusMessages.Read(1, 5)),
            .. ModbusMessages.Tcp(6, ModbusMessages.Read(1, 6)),
            .. ModbusMessages.Tcp(4, ModbusMessages.Read(1, 4)),
        ]);

        Assert.Equal(ModbusMessages.Value(1, 5), await client.ReadReplyAsync(5));
        Assert.Equal(ModbusMessages.Value(1, 6), await client.ReadReplyAsync(6));
        Assert.Equal(ModbusMessages.Value(1, 4), await client.ReadReplyAsync(4));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task LateReply_Discard_IsKnownByItsIdAndReachesNobody(string transport)
    {
        await StartAsync(transport, Tcp + """, "ResponseTimeout": "00:00:05" """);
        MultiplexPeer? device = null;
        byte[] slow = [];
        Device.OnMessage = async (message, peer) =>
        {
            device = peer;
            var reply = ModbusMessages.Tcp(
                (message[0] << 8) | message[1],
                ModbusMessages.Value(message[6], (message[8] << 8) | message[9])
            );
            if (message[6] == 9)
            {
                slow = reply;
                return;
            }

            await peer.SendAsync([.. slow, .. reply, .. reply]); // the late one, and this one twice
            slow = [];
        };
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();
        await client.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(9, 9)));
        await SentAsync(1);
        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal(ModbusMessages.Exception(9, 3, 0x0B), await client.ReadReplyAsync(1));

        for (var round = 0; round < 20; round++)
        {
            Assert.Equal(ModbusMessages.Value(1, round), await other.AskAsync(1, ModbusMessages.Read(1, round)));
        }

        Assert.False(client.HasMore || other.HasMore);
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ResponseTimeout_SilentSeveralTimes_ConnectionIsRenewed(string transport)
    {
        Device.OnMessage = static (_, _) => Task.CompletedTask;
        await StartAsync(transport, Tcp + """, "ResponseTimeout": "00:00:05" """);
        using var client = await Multiplexer.ConnectAsync();
        for (byte unit = 1; unit <= 2; unit++)
        {
            await client.SendAsync(ModbusMessages.Tcp(unit, ModbusMessages.Read(unit, 1)));
            await SentAsync(unit);
            Time.Advance(TimeSpan.FromSeconds(5) + Tick);
            Assert.Equal(ModbusMessages.Exception(unit, 3, 0x0B), await client.ReadReplyAsync(unit));
        }

        await OpenAsync(0);
        Device.AnswerModbus(static adu => ModbusMessages.Value(adu[0], 5));
        Assert.Equal(ModbusMessages.Value(3, 5), await client.AskAsync(3, ModbusMessages.Read(3, 1)));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Failures_HaveTheProtocolsOwnWords(string transport)
    {
        await StartAsync(transport, Tcp, """ "QueueLimit": 1, "QueueTimeout": "00:00:05" """);
        using var gate = Gate();
        var (first, second) = await AskBothAsync(
            ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)),
            ModbusMessages.Tcp(2, ModbusMessages.Read(1, 2))
        );

        await first.SendAsync(ModbusMessages.Tcp(3, ModbusMessages.Read(1, 3)));
        await Eventually.TrueAsync(() => Multiplexer.Status.Requests.GetValueOrDefault("QueueFull") == 1);
        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        Assert.Equal(ModbusMessages.Exception(1, 3, 0x06), await second.ReadReplyAsync(2)); // waited too long
        gate.Release(9);
        Assert.Equal(ModbusMessages.Value(1, 1), await first.ReadReplyAsync(1));
        Assert.Equal(ModbusMessages.Exception(1, 3, 0x06), await first.ReadReplyAsync(3)); // the queue was full

        await Device.DisposeAsync();
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams.Count == 0);
        Assert.Equal(ModbusMessages.Exception(1, 3, 0x0A), await second.AskAsync(4, ModbusMessages.Read(1, 4))); // no path
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Retry_ConnectionLost_ReadIsSentAgainAndAWriteIsNot(string transport)
    {
        var answer = Device.OnMessage;
        Device.OnMessage = (message, peer) =>
        {
            if (Device.Messages.Count % 2 == 1)
            {
                peer.Dispose();
                return Task.CompletedTask;
            }

            return answer(message, peer);
        };
        await StartAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();
        Device.OnMessage = answer;
        Assert.Equal(ModbusMessages.Value(1, 0), await client.AskAsync(1, ModbusMessages.Read(1, 0)));
        Device.Messages.Clear();
        Device.OnMessage = (message, peer) =>
        {
            if (Device.Messages.Count == 1)
            {
                peer.Reset();
                return Task.CompletedTask;
            }

            return answer(message, peer);
        };

        Assert.Equal(ModbusMessages.Value(1, 7), await client.AskAsync(2, ModbusMessages.Read(1, 7)));
        Assert.Equal(2, Device.Messages.Count);
        Device.Messages.Clear();
        Assert.Equal(ModbusMessages.Exception(1, 6, 0x0B), await client.AskAsync(3, ModbusMessages.Write(1, 7, 7)));
        Assert.Single(Device.Messages);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Retry_None_ReadIsNotSentAgain(string transport)
    {
        await StartAsync(transport, Tcp + """, "Retry": "None" """);
        using var client = await Multiplexer.ConnectAsync();
        Device.OnMessage = static (_, peer) =>
        {
            peer.Reset();
            return Task.CompletedTask;
        };

        Assert.Equal(ModbusMessages.Exception(1, 3, 0x0B), await client.AskAsync(1, ModbusMessages.Read(1, 7)));
        Assert.Single(Device.Messages);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Device_SaysWhatItLikes_PassesUntouched(string transport)
    {
        byte[][] replies =
        [
            [1, 0x83, 0x02], // an exception
            [1, 0x41, 9, 8, 7], // a function of a vendor's own
            [1, 3, 200, 1], // a byte count that is wrong
            [77], // another unit, and no function
        ];
        var next = 0;
        Device.AnswerModbus(_ => replies[next++]);
        await StartAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();

        foreach (var reply in replies)
        {
            Assert.Equal(reply, await client.AskAsync(next, [1, 0x41, 1, 2, 3]));
        }
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Writes_Deny_AreExceptionOneUnlessAllowed(string transport)
    {
        await StartAsync(
            transport,
            Tcp,
            """ "Modbus": { "Writes": "Deny", "AllowedWrites": [ { "Unit": 1, "Registers": "100-110" }, { "Registers": "7" } ] } """
        );
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Value(1, 99), await client.AskAsync(1, ModbusMessages.Read(1, 99)));
        Assert.Equal(ModbusMessages.Exception(1, 6, 1), await client.AskAsync(2, ModbusMessages.Write(1, 99, 5)));
        Assert.Equal(ModbusMessages.Write(1, 100, 5), await client.AskAsync(3, ModbusMessages.Write(1, 100, 5)));
        Assert.Equal(ModbusMessages.Exception(2, 6, 1), await client.AskAsync(4, ModbusMessages.Write(2, 100, 5)));
        Assert.Equal(ModbusMessages.Write(2, 7, 5), await client.AskAsync(5, ModbusMessages.Write(2, 7, 5)));
        Assert.Equal(ModbusMessages.Exception(1, 0x10, 1), await client.AskAsync(6, [1, 0x10, 0, 110, 0, 2, 4, 0, 1, 0, 2])); // one beyond
        Assert.Equal(ModbusMessages.Exception(1, 5, 1), await client.AskAsync(7, [1, 5, 0, 100, 0xFF, 0])); // a coil of that number
        Assert.Equal(ModbusMessages.Exception(1, 0x41, 1), await client.AskAsync(8, [1, 0x41, 0])); // nobody knows what it does
        Assert.Equal(3, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Writes_Ignore_AreAnsweredAndNotSent(string transport)
    {
        await StartAsync(transport, Tcp, """ "Modbus": { "Writes": "Ignore" } """);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Write(1, 99, 5), await client.AskAsync(1, ModbusMessages.Write(1, 99, 5)));
        Assert.Equal([1, 0x10, 0, 9, 0, 1], await client.AskAsync(2, [1, 0x10, 0, 9, 0, 1, 2, 0, 1]));
        Assert.Equal(ModbusMessages.Exception(1, 0x17, 1), await client.AskAsync(3, [1, 0x17, 0, 1, 0, 1, 0, 1, 0, 1, 2, 0, 0])); // its reply has data
        Assert.Empty(Device.Messages);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task UnitMap_DeviceSeesItsUnitAndTheClientItsOwn(string transport)
    {
        await StartAsync(transport, Tcp, """ "Modbus": { "UnitMap": { "1": 247 } } """);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Value(1, 5), await client.AskAsync(11, ModbusMessages.Read(1, 5)));
        Assert.Equal(ModbusMessages.Value(2, 6), await client.AskAsync(12, ModbusMessages.Read(2, 6)));
        Assert.Equal([247, 2], Device.Messages.Select(static message => message[6]));
    }

    [Theory]
    [InlineData(Multiplexer.Portable, 247, 3, true)]
    [InlineData(Multiplexer.Loops, 0, 3, true)]
    [InlineData(Multiplexer.Portable, 255, 3, true)]
    [InlineData(Multiplexer.Loops, 3, 3, false)]
    [InlineData(Multiplexer.Portable, 3, 3, false)]
    [InlineData(Multiplexer.Loops, 0, 4, false)]
    public async Task UnitMap_AnswerOfAnotherUnit_IsNotShownAsTheClientsOwn(string transport, byte unit, byte function, bool isServed)
    {
        await StartAsync(transport, Tcp, """ "Modbus": { "UnitMap": { "1": 247 } } """);
        Device.AnswerModbus(adu => [unit, function, .. ModbusMessages.Value(adu[0], 5)[2..]]);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(
            isServed ? ModbusMessages.Value(1, 5) : ModbusMessages.Exception(1, 3, 0x0B),
            await client.AskAsync(11, ModbusMessages.Read(1, 5))
        );
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Units_OfAnotherCluster_AreServedThereInTheClientsOrder(string transport)
    {
        var serial = Add(new Device(Device.ModbusRtu));
        serial.AnswerRtu(static adu => ModbusMessages.Value(adu[0], 700 + adu[3]));
        Create(transport);
        await Multiplexer.EditAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Multiplex",
                  "Multiplex": { "Modbus": { "Units": { "7": { "ClusterId": "serial" } } } } } },
                "Clusters": {
                  "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{Device.Port}}" } }, "Multiplex": { {{Tcp}} } },
                  "serial": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{serial.Port}}" } }, "Multiplex": { {{Rtu}} } } } } }
            """
        );
        using var client = await Multiplexer.ConnectAsync();
        using var gate = Gate();

        await client.SendAsync([.. ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)), .. ModbusMessages.Tcp(2, ModbusMessages.Read(7, 2))]);
        await serial.SeenAsync(1);
        gate.Release();

        Assert.Equal(ModbusMessages.Value(1, 1), await client.ReadReplyAsync(1));
        Assert.Equal(ModbusMessages.Value(7, 702), await client.ReadReplyAsync(2));
        Assert.Equal(ModbusMessages.Rtu(ModbusMessages.Read(7, 2)), serial.Messages.Single());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Units_NoReplyWhenOfTheirCluster_NoReplyIsAwaited(string transport)
    {
        var other = Add(new Device(Device.ModbusTcp));
        other.AnswerModbus(static adu => adu[1] == 6 ? null : ModbusMessages.Value(adu[0], adu[3]));
        Create(transport);
        await Multiplexer.EditAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Multiplex",
                  "Multiplex": { "Modbus": { "Units": { "7": { "ClusterId": "other" } } } } } },
                "Clusters": {
                  "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{Device.Port}}" } }, "Multiplex": { {{Tcp}} } },
                  "other": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{other.Port}}" } },
                    "Multiplex": { {{Tcp}}, "NoReplyWhen": { "Offset": 7, "Equals": "hex:06" } } } } } }
            """
        );
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Write(7, 9, 1), await client.AskAsync(1, ModbusMessages.Write(7, 9, 1))); // acknowledged here, since nobody else does
        Assert.Equal(ModbusMessages.Value(7, 2), await client.AskAsync(2, ModbusMessages.Read(7, 2)));
        Assert.Equal(ModbusMessages.Write(1, 9, 1), await client.AskAsync(3, ModbusMessages.Write(1, 9, 1)));
        Assert.Equal((2, 1), (other.Messages.Count, Device.Messages.Count));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Conversion_TcpClientsAndAnRtuDevice(string transport)
    {
        Device = Add(new Device(Device.ModbusRtu));
        Device.AnswerRtu(static adu =>
            adu[0] == 0 ? null
            : adu[1] == 3 ? ModbusMessages.Value(adu[0], adu[3])
            : ModbusMessages.Exception(adu[0], adu[1], 2)
        );
        await StartAsync(transport, Rtu, """ "Protocol": "modbus-tcp" """);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Value(5, 9), await client.AskAsync(300, ModbusMessages.Read(5, 9)));
        Assert.Equal(ModbusMessages.Exception(5, 6, 2), await client.AskAsync(301, ModbusMessages.Write(5, 9, 1)));
        Assert.Equal(ModbusMessages.Write(0, 9, 1), await client.AskAsync(302, ModbusMessages.Write(0, 9, 1))); // a broadcast: nobody answers it there
        Assert.Equal(ModbusMessages.Value(5, 8), await client.AskAsync(303, ModbusMessages.Read(5, 8)));
        Assert.Equal(ModbusMessages.Rtu(ModbusMessages.Write(0, 9, 1)), Device.Messages.ElementAt(2));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Conversion_NobodyAnswersAndNoReplyCanBeKnown_ClientIsNotToldThatItWasRefused(string transport)
    {
        Device = Add(new Device(Device.ModbusRtu));
        Device.AnswerRtu(static adu => adu[1] == 3 ? ModbusMessages.Value(adu[0], adu[3]) : null);
        await StartAsync(transport, Rtu, """ "Protocol": "modbus-tcp" """);
        using var client = await Multiplexer.ConnectAsync();
        byte[] broadcast = [0, 8, 0, 1, 0, 0];
        byte[] listenOnly = [5, 8, 0, 4, 0, 0];

        Assert.Equal(ModbusMessages.Exception(0, 8, 0x0B), await client.AskAsync(1, broadcast));
        Assert.Equal(ModbusMessages.Exception(5, 8, 0x0B), await client.AskAsync(2, listenOnly));
        Assert.Equal(ModbusMessages.Value(5, 8), await client.AskAsync(3, ModbusMessages.Read(5, 8)));
        Assert.Equal([ModbusMessages.Rtu(broadcast), ModbusMessages.Rtu(listenOnly)], Device.Messages.Take(2));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Conversion_RtuClientsAndATcpDevice(string transport)
    {
        await StartAsync(transport, Tcp, """ "Protocol": "modbus-rtu-over-tcp" """);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(
            ModbusMessages.Rtu(ModbusMessages.Value(5, 9)),
            await client.AskAsync(ModbusMessages.Rtu(ModbusMessages.Read(5, 9)), 7)
        );
        await client.SendAsync(ModbusMessages.Rtu(ModbusMessages.Write(0, 9, 1))); // a broadcast: this device answers it, and nobody waits for that
        Assert.Equal(
            ModbusMessages.Rtu(ModbusMessages.Value(5, 8)),
            await client.AskAsync(ModbusMessages.Rtu(ModbusMessages.Read(5, 8)), 7)
        );
        Assert.False(client.HasMore);
        Assert.Equal(3, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Rtu_BroadcastGetsNoReply_AndTheNextRequestGoesOut(string transport)
    {
        Device = Add(new Device(Device.ModbusRtu));
        Device.AnswerRtu(static adu => adu[0] == 0 ? null : ModbusMessages.Value(adu[0], adu[3]));
        await StartAsync(transport, Rtu);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync(ModbusMessages.Rtu(ModbusMessages.Write(0, 9, 1)));

        Assert.Equal(
            ModbusMessages.Rtu(ModbusMessages.Value(5, 9)),
            await client.AskAsync(ModbusMessages.Rtu(ModbusMessages.Read(5, 9)), 7)
        );
        Assert.Equal(2, Device.Messages.Count);
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Rtu_DeviceTalksNonsense_ClientIsToldAndTheConnectionRenewed(string transport)
    {
        Device = Add(new Device(Device.ModbusRtu));
        Device.OnMessage = static (_, peer) => peer.SendAsync([5, 3, 2, 0, 1, 0xBA, 0xAD]);
        await StartAsync(transport, Rtu, """ "Protocol": "modbus-tcp" """);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(5, 9)));
        await Time.WaitForTimerAsync(TimeSpan.FromMilliseconds(50)); // the right frame may follow
        Time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal(ModbusMessages.Exception(5, 3, 0x0B), await client.ReadReplyAsync(1));
        await OpenAsync(0);
        Device.AnswerRtu(static adu => ModbusMessages.Value(adu[0], 3));
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);

        Assert.Equal(ModbusMessages.Value(5, 3), await client.AskAsync(2, ModbusMessages.Read(5, 9)));
    }
}
