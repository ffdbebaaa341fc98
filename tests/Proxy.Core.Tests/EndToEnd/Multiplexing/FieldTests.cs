using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Devices as people have them: noise on the line, echoes, greetings, ids and lengths that lie, messages nobody asked for.</summary>
public sealed class FieldTests : SessionTestBase
{
    private const string Tcp = "\"Protocol\": \"modbus-tcp\"";
    private const string Rtu = "\"Protocol\": \"modbus-rtu-over-tcp\", \"KeepUnused\": \"None\"";
    private const string Line = "\"Protocol\": \"line\"";
    private static readonly TimeSpan _silence = TimeSpan.FromMilliseconds(50);

    public static TheoryData<string, string> Noise =>
        new()
        {
            { Multiplexer.Portable, "00 | |" },
            { Multiplexer.Loops, "00 | |" },
            { Multiplexer.Loops, "FF00FF | |" },
            { Multiplexer.Loops, "| 000000 |" },
            { Multiplexer.Portable, "| | 000000" },
            { Multiplexer.Loops, "| | 000000" },
            { Multiplexer.Loops, "00 | FF | 0000" },
        };

    [Theory]
    [MemberData(nameof(Noise))]
    public async Task Rtu_NoiseAroundFrames_EachIsAnsweredOnOneConnection(string transport, string around)
    {
        // Before the frame, glued behind it, alone and later.
        var parts = around.Split('|').Select(static part => Convert.FromHexString(part.Trim())).ToList();
        await UseAsync(Device.ModbusRtu);
        Device.OnMessage = async (message, peer) =>
        {
            await peer.SendAsync([.. parts[0], .. Answer(message), .. parts[1]]);
            if (parts[2].Length > 0)
            {
                await peer.SendAsync(parts[2]);
            }
        };
        await StartAsync(transport, Rtu);
        using var client = await Multiplexer.ConnectAsync();

        for (var register = 0; register < 20; register++)
        {
            Assert.Equal(Rtu1(ModbusMessages.Value(1, register)), await client.AskAsync(Rtu1(ModbusMessages.Read(1, register)), 7));
        }

        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Rtu_NoiseInAPieceOfItsOwn_IsSkipped(string transport)
    {
        await UseAsync(Device.ModbusRtu);
        using var gate = new SemaphoreSlim(0);
        Device.OnMessage = async (message, peer) =>
        {
            await peer.SendAsync([0]);
            await gate.WaitAsync(Eventually.Limit);
            await peer.SendAsync(Answer(message));
        };
        await StartAsync(transport, Rtu);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Rtu1(ModbusMessages.Read(1, 5)));
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ HasReceived: true }]);
        gate.Release();

        Assert.Equal(Rtu1(ModbusMessages.Value(1, 5)), await client.ReadAsync(7));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Rtu_EchoOfARs485Line_IsTakenOff(string transport)
    {
        await UseAsync(Device.ModbusRtu);
        Device.OnMessage = static async (message, peer) =>
        {
            await peer.SendAsync(message[..3]);
            await peer.SendAsync(message[3..]);
            await peer.SendAsync(Answer(message));
        };
        await StartAsync(transport, Rtu);
        using var client = await Multiplexer.ConnectAsync();

        // Read as a reply, a request for registers from 0x0300 on has three bytes and a CRC that fits.
        foreach (var register in (int[])[0, 5, 0x0300, 0x0301, 0x0600])
        {
            var value = Rtu1(ModbusMessages.Value(1, register));
            Assert.Equal(value, await client.AskAsync(Rtu1(ModbusMessages.Read(1, register)), 7));
            var write = Rtu1(ModbusMessages.Write(1, register, 9)); // its reply looks like its echo
            Assert.Equal(write, await client.AskAsync(write, 8));
            byte[] writes = [1, 0x10, 0, 9, 0, 1, 2, 0, 1];
            Assert.Equal(Rtu1(writes[..6]), await client.AskAsync(Rtu1(writes), 8));
        }

        Assert.False(client.HasMore);
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Rtu_EchoWhenTheFirstRequestIsAWrite_TheSecondCopyReachesNobody(string transport)
    {
        await UseAsync(Device.ModbusRtu);
        Device.OnMessage = static async (message, peer) =>
        {
            await peer.SendAsync(message);
            await peer.SendAsync(Answer(message));
        };
        await StartAsync(transport, Rtu);
        using var client = await Multiplexer.ConnectAsync();

        for (var value = 1; value <= 5; value++)
        {
            var write = Rtu1(ModbusMessages.Write(1, 7, value));
            Assert.Equal(write, await client.AskAsync(write, 8));
        }

        Assert.Equal(Rtu1(ModbusMessages.Value(1, 3)), await client.AskAsync(Rtu1(ModbusMessages.Read(1, 3)), 7));
        Assert.False(client.HasMore);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Rtu_EchoOfABroadcast_KeepsTheConnection(string transport)
    {
        await UseAsync(Device.ModbusRtu);
        Device.OnMessage = static (message, peer) => peer.SendAsync(message[0] == 0 ? message : [.. message, .. Answer(message)]);
        await StartAsync(transport, Rtu);
        using var client = await Multiplexer.ConnectAsync();

        for (var value = 1; value <= 5; value++)
        {
            await client.SendAsync(Rtu1(ModbusMessages.Write(0, 7, value)));
            await Device.SeenAsync((2 * value) - 1);
            Assert.Equal(Rtu1(ModbusMessages.Value(1, 3)), await client.AskAsync(Rtu1(ModbusMessages.Read(1, 3)), 7));
        }

        Assert.False(client.HasMore);
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Rtu_VendorFunctionInTwoPartsWithAPause_IsOneReply(string transport)
    {
        await UseAsync(Device.ModbusRtu);
        var reply = Rtu1([1, 0x41, 1, 2, 3, 4, 5]);
        using var gate = new SemaphoreSlim(0);
        Device.OnMessage = async (_, peer) =>
        {
            await peer.SendAsync(reply[..4]);
            await gate.WaitAsync(Eventually.Limit);
            await peer.SendAsync(reply[4..]);
        };
        await StartAsync(transport, Rtu);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Rtu1([1, 0x41, 9]));
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ HasReceived: true }]);
        await Time.WaitForTimerAsync(_silence);
        Time.Advance(TimeSpan.FromMilliseconds(120));
        gate.Release();

        Assert.Equal(reply, await client.ReadAsync(reply.Length));
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Rtu_WholeReplyNobodyAskedFor_RenewsTheConnection(string transport)
    {
        await UseAsync(Device.ModbusRtu);
        Device.OnMessage = static (message, peer) => peer.SendAsync([.. Answer(message), .. Answer(message)]);
        await StartAsync(transport, Rtu);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(Rtu1(ModbusMessages.Value(1, 1)), await client.AskAsync(Rtu1(ModbusMessages.Read(1, 1)), 7));

        await OpenAsync(0);
        Assert.False(client.HasMore);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Greeting_BeforeTheFirstRequest_IsDroppedAndTraced(string transport)
    {
        using var log = new LogLines("Proxy.Multiplexing.MessageTrace");
        Device.OnConnect = static async peer =>
        {
            await peer.SendAsync("Welcome to the instrument\r\n");
            return true;
        };
        await StartAsync(transport, Line + """, "ConnectDelay": "00:00:01" """, "", log);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync("1\n");
        await Eventually.TrueAsync(() =>
            log.Lines.Any(static line => line.Contains("Greeting from destination, dropped", StringComparison.Ordinal))
        );
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("=1", await client.ReadLineAsync());
        Assert.Equal("=2", await client.AskAsync("2"));
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Greeting_OfAModbusGateway_IsDropped(string transport)
    {
        using var log = new LogLines("Proxy.Multiplexing.MessageTrace");
        await UseAsync(Device.ModbusTcp);
        Device.AnswerModbus(static adu => ModbusMessages.Value(adu[0], 3));
        Device.OnConnect = static async peer =>
        {
            await peer.SendAsync([0xD8, 0xB0, 0x4C, 0x01, 0x02, 0x03]); // its MAC address
            return true;
        };
        await StartAsync(transport, Tcp + """, "Connect": "OnClient", "ConnectDelay": "00:00:01" """, "", log);
        using var client = await Multiplexer.ConnectAsync();
        await Eventually.TrueAsync(() =>
            log.Lines.Any(static line => line.Contains("Greeting from destination, dropped", StringComparison.Ordinal))
        );
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(1));
        Time.Advance(TimeSpan.FromSeconds(1));

        for (var round = 0; round < 5; round++)
        {
            Assert.Equal(ModbusMessages.Value(1, 3), await client.AskAsync(round, ModbusMessages.Read(1, 3)));
        }
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Greeting_None_RenewsTheConnectionAsBefore(string transport)
    {
        Device.OnConnect = static async peer =>
        {
            await peer.SendAsync("Welcome\r\n");
            return true;
        };
        await StartAsync(transport, Line + """, "Connect": "OnClient", "Greeting": "None", "ConnectDelay": "00:00:10" """);
        using var client = await Multiplexer.ConnectAsync();

        await Eventually.TrueAsync(() =>
            Multiplexer.Status.Errors.Any(static error => error.Reason.Contains("no request asked for", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_AfterAText_StatusAndLogSayWhatItWas(string transport)
    {
        using var log = new LogLines();
        await UseAsync(Device.ModbusTcp);
        Device.OnConnect = static async peer =>
        {
            await peer.SendAsync("Port already in use\r\n");
            return false;
        };
        await StartAsync(transport, Tcp + """, "Connect": "OnClient", "ConnectDelay": "00:00:05" """, "", log);
        using var client = await Multiplexer.ConnectAsync();

        const string Expected = "\"Port already in use..\" (hex 50 6F 72 74 20 61 6C 72 65 61 64 79 20 69 6E 20 75 73 65 0D 0A)";
        await Eventually.TrueAsync(() =>
            Multiplexer.Status.Errors.Any(static error => error.Reason.Contains(Expected, StringComparison.Ordinal))
        );
        await Eventually.TrueAsync(() => log.Lines.Any(static line => line.Contains(Expected, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Close_AfterATextInPlaceOfTheFirstReply_StatusSaysWhatItWas(string transport)
    {
        await UseAsync(Device.ModbusTcp);
        Device.OnMessage = static async (_, peer) =>
        {
            await peer.SendAsync("Port already in use\r\n");
            peer.End();
        };
        await StartAsync(transport, Tcp);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync(ModbusMessages.Tcp(1, ModbusMessages.Read(1, 1)));

        await Eventually.TrueAsync(() =>
            Multiplexer.Status.Errors.Any(static error => error.Reason.Contains("Port already in use", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "", "2")]
    [InlineData(Multiplexer.Loops, "$1\r\nx\r\n", "2")]
    [InlineData(Multiplexer.Portable, "$1\r\nx\r\n", "99")]
    [InlineData(Multiplexer.Loops, "", "99")]
    public async Task Reply_MalformedOrCutOff_StatusAndLogSayOnlyHowLongItWas(string transport, string before, string length)
    {
        using var log = new LogLines("Proxy.Multiplexing.SessionDialer"); // not the trace, which is for this
        Assert.True(KnownProtocols.BuiltIn.TryFind("resp", out var framer));
        await Device.DisposeAsync();
        Device = Add(new Device(framer));
        Device.OnMessage = async (message, peer) =>
        {
            if (message.Length == 7)
            {
                await peer.SendAsync(before);
                return;
            }

            await peer.SendAsync($"${length}\r\n4111111111111111\r\n");
            peer.End();
        };
        await StartAsync(transport, "\"Protocol\": \"resp\"", "", log);
        using var client = await Multiplexer.ConnectAsync();
        if (before.Length > 0)
        {
            await client.AskAsync(Bytes.Text("GET x\r\n"), before.Length);
        }

        await client.SendAsync("GET card\r\n");

        await Eventually.TrueAsync(() => Multiplexer.Status.Errors.Count > 0);
        await Eventually.TrueAsync(() => log.Lines.Any(static line => line.Contains("is closed and replaced", StringComparison.Ordinal)));
        Assert.All(Multiplexer.Status.Errors, static error => Assert.DoesNotContain("4111", error.Reason, StringComparison.Ordinal));
        Assert.All(log.Lines, static line => Assert.DoesNotContain("4111", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Correlation_NoneAndIdsThatLie_ClientsGetTheirOwn(string transport)
    {
        var count = 0;
        await UseAsync(Device.ModbusTcp);
        Device.OnMessage = (message, peer) =>
            peer.SendAsync(
                ModbusMessages.Tcp(count++ % 3 == 0 ? 0 : count, ModbusMessages.Value(message[6], (message[8] << 8) | message[9]))
            );
        await StartAsync(transport, Tcp + """, "Correlation": "None" """);
        using var one = await Multiplexer.ConnectAsync();
        using var two = await Multiplexer.ConnectAsync();

        for (var round = 0; round < 20; round++)
        {
            var replies = await Task.WhenAll(
                one.AskAsync(1000 + round, ModbusMessages.Read(1, round)),
                two.AskAsync(7, ModbusMessages.Read(1, 700 + round))
            );
            Assert.Equal([ModbusMessages.Value(1, round), ModbusMessages.Value(1, 700 + round)], replies);
        }

        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Correlation_NoneAndTheReplyOfAnotherUnit_ReachesNobody(string transport)
    {
        await UseAsync(Device.ModbusTcp);
        Device.OnMessage = static (_, peer) => peer.SendAsync(ModbusMessages.Tcp(0, ModbusMessages.Value(9, 9)));
        await StartAsync(transport, Tcp + """, "Correlation": "None" """);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Exception(1, 3, 0x0B), await client.AskAsync(1, ModbusMessages.Read(1, 1)));
    }

    [Theory]
    [InlineData(Multiplexer.Portable, -2)]
    [InlineData(Multiplexer.Loops, -2)]
    [InlineData(Multiplexer.Portable, 40)]
    [InlineData(Multiplexer.Loops, 40)]
    public async Task Length_ByPdu_ClientsGetTheRightOne(string transport, int error)
    {
        await UseAsync(Device.ModbusTcp);
        Device.OnMessage = (message, peer) =>
        {
            var reply = ModbusMessages.Tcp(
                (message[0] << 8) | message[1],
                message[7] == 3 ? ModbusMessages.Value(1, (message[8] << 8) | message[9]) : ModbusMessages.Exception(1, message[7], 2)
            );
            reply[5] = (byte)(reply[5] + error);
            return peer.SendAsync(reply);
        };
        await StartAsync(transport, Tcp + """, "Length": "ByPdu" """);
        using var client = await Multiplexer.ConnectAsync();

        for (var round = 0; round < 10; round++)
        {
            Assert.Equal(ModbusMessages.Value(1, round), await client.AskAsync(round, ModbusMessages.Read(1, round)));
            Assert.Equal(ModbusMessages.Exception(1, 6, 2), await client.AskAsync(round, ModbusMessages.Write(1, round, 1)));
        }

        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Mismatch_ReplyOfAnotherUnitUnderOurId_IsNeitherCachedNorShared(string transport)
    {
        await UseAsync(Device.ModbusTcp);
        Device.OnMessage = (message, peer) =>
            peer.SendAsync(
                ModbusMessages.Tcp((message[0] << 8) | message[1], ModbusMessages.Value((byte)(Device.Messages.Count == 1 ? 9 : 1), 5))
            );
        await StartAsync(transport, Tcp + """, "Modbus": { "CacheFor": "00:01:00" } """);
        using var gate = Gate();
        var clients = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Multiplexer.ConnectAsync()));
        await clients[0].SendAsync(ModbusMessages.Tcp(0, ModbusMessages.Read(1, 5)));
        await SentAsync(1);
        foreach (var (number, client) in clients.Index().Skip(1))
        {
            await client.SendAsync(ModbusMessages.Tcp(number, ModbusMessages.Read(1, 5)));
            await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Count(static record => record.ClientBytes == 12) == number + 1);
        }

        gate.Release(10);

        Assert.Equal(ModbusMessages.Value(9, 5), await clients[0].ReadReplyAsync(0)); // it has its id, and passes as it is
        Assert.Equal(ModbusMessages.Value(1, 5), await clients[1].ReadReplyAsync(1));
        Assert.Equal(ModbusMessages.Value(1, 5), await clients[2].ReadReplyAsync(2));
        Assert.Equal(ModbusMessages.Value(1, 5), await clients[0].AskAsync(9, ModbusMessages.Read(1, 5))); // from the cache
        Assert.Equal(2, Device.Messages.Count);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Unsolicited_MessagesThatTheHostBegins_AreDroppedAndReachNobody(string transport)
    {
        const string Host = """
            "Framing": { "Delimiter": { "Bytes": "\n" } }, "Unsolicited": { "Offset": 0, "Equals": "0800" }, "Connect": "OnClient", "Greeting": "None"
            """;
        Device.OnConnect = static async peer =>
        {
            await peer.SendAsync("0800 first\n");
            return true;
        };
        var finished = 0;
        Device.OnMessage = async (message, peer) =>
        {
            await peer.SendAsync("0800 echo test\n");
            await peer.SendAsync([(byte)'=', .. message, .. "0800 gl"u8]);
            await peer.SendAsync("ued\n");
            Interlocked.Increment(ref finished);
        };
        await StartAsync(transport, Host);
        using var client = await Multiplexer.ConnectAsync();

        for (var round = 0; round < 10; round++)
        {
            Assert.Equal($"={round}", await client.AskAsync($"{round}"));
        }

        await Eventually.TrueAsync(() => Volatile.Read(ref finished) == 10); // or this would come within its last message
        await Device.Open.Single().SendAsync("0800 alone\n");
        Assert.Equal("=x", await client.AskAsync("x"));
        Assert.Equal((1, 1, 1), Device.Connections);
        await Eventually.TrueAsync(() => Volatile.Read(ref finished) == 11);
        await Device.Open.Single().SendAsync("0200 not named\n");
        await OpenAsync(0);
    }

    private static byte[] Rtu1(byte[] adu) => ModbusMessages.Rtu(adu);

    private static byte[] Answer(byte[] message) =>
        message[1] switch
        {
            3 => Rtu1(ModbusMessages.Value(message[0], (message[2] << 8) | message[3])),
            0x10 => Rtu1(message[..6]),
            _ => message,
        };

    private Task UseAsync(Proxy.Multiplexing.Framing.IMessageFramer framer)
    {
        Device = Add(new Device(framer));
        return Task.CompletedTask;
    }
}
