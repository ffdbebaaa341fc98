using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Devices whose messages have a checksum, behind lines with noise: a declared framing, and Modbus TCP with a CRC.</summary>
public sealed class DeclaredChecksumTests : SessionTestBase
{
    // STX, the length of the data, data, CRC.
    private const string Framing = """
        "Framing": { "LengthField": { "Offset": 1, "Size": 1, "Adjust": 2, "MaxBytes": 200 }, "Checksum": { "Algorithm": "Crc16Ccitt" } },
        "KeepUnused": "None"
        """;

    private const string Crc = "\"Protocol\": \"modbus-tcp-crc\", \"KeepUnused\": \"None\"";

    public static TheoryData<string, string> Noise =>
        new()
        {
            { Multiplexer.Portable, "00 | |" },
            { Multiplexer.Loops, "00 | |" },
            { Multiplexer.Loops, "| 000000 |" },
            { Multiplexer.Portable, "| | 000000" },
            { Multiplexer.Loops, "| | 000000" },
            { Multiplexer.Loops, "00 | FF | 0000" },
        };

    [Theory]
    [MemberData(nameof(Noise))]
    public async Task Declared_NoiseAroundFrames_EachIsAnsweredOnOneConnection(string transport, string around)
    {
        Device = Add(new Device(Framer));
        Device.OnMessage = (message, peer) => SendAsync(peer, around, Answer(message));
        await StartAsync(transport, Framing);
        using var client = await Multiplexer.ConnectAsync();

        for (byte value = 0; value < 20; value++)
        {
            var request = Framed([0xA1, value]);
            Assert.Equal(Answer(request), await client.AskAsync(request, 9));
        }

        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Declared_EchoOfARs485Line_IsTakenOff(string transport)
    {
        Device = Add(new Device(Framer));
        Device.OnMessage = static (message, peer) => peer.SendAsync([.. message, .. Answer(message)]);
        await StartAsync(transport, Framing);
        using var client = await Multiplexer.ConnectAsync();

        for (byte value = 0; value < 5; value++)
        {
            var request = Framed([0xA1, value]);
            Assert.Equal(Answer(request), await client.AskAsync(request, 9));
        }

        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Declared_RepliesAreTheirRequests_EchoNonePassesThem(string transport)
    {
        Device = Add(new Device(Framer));
        Device.OnMessage = static (message, peer) => peer.SendAsync(message);
        await StartAsync(transport, Framing + ", \"Echo\": \"None\"");
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(Framed([7, 7]), await client.AskAsync(Framed([7, 7]), 6));
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Declared_SpoiltReply_RenewsAndTheNextIsAnswered(string transport)
    {
        Device = Add(new Device(Framer));
        Device.OnMessage = static (message, peer) => peer.SendAsync(message[2] == 9 ? Spoilt(Answer(message)) : Answer(message));
        await StartAsync(transport, Framing);
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();
        await client.SendAsync(Framed([9]));
        await Device.SeenAsync(1);
        await Eventually.TrueAsync(() => Multiplexer.Status.Upstreams is [{ HasReceived: true }]);
        await Time.WaitForTimerAsync(TimeSpan.FromMilliseconds(50)); // the right frame may follow

        Time.Advance(TimeSpan.FromMilliseconds(50));

        Assert.Equal("reset", await client.ReadEndAsync());
        await other.SendAsync(Framed([1]));
        await QueuedAsync(1);
        Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Answer(Framed([1])), await other.ReadAsync(8));
    }

    // Its client has a request in flight like any other; noise hides neither which it is nor the reply.
    [Theory]
    [MemberData(nameof(Noise))]
    public async Task ModbusTcpCrc_NoiseAroundFrames_EachIsAnsweredOnOneConnection(string transport, string around)
    {
        Device = Add(new Device(KnownProtocols.BuiltIn.Framers.Single(static framer => framer.Name == "modbus-tcp-crc")));
        Device.OnMessage = (message, peer) => SendAsync(peer, around, WithCrc([.. message[..4], 0, 7, .. message[6..8], 2, 0, message[9]]));
        await StartAsync(transport, Crc);
        using var client = await Multiplexer.ConnectAsync();

        for (byte register = 0; register < 20; register++)
        {
            byte[] id = [0x12, register];
            var reply = WithCrc([.. id, 0, 0, 0, 7, 1, 3, 2, 0, register]);
            Assert.Equal(reply, await client.AskAsync(WithCrc([.. id, 0, 0, 0, 8, 1, 3, 0, register, 0, 1]), reply.Length));
        }

        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ModbusTcpCrc_WriteAnsweredByItsCopy_IsNoEcho(string transport)
    {
        Device = Add(new Device(KnownProtocols.BuiltIn.Framers.Single(static framer => framer.Name == "modbus-tcp-crc")));
        Device.OnMessage = static (message, peer) => peer.SendAsync(message);
        await StartAsync(transport, Crc);
        using var client = await Multiplexer.ConnectAsync();

        for (byte value = 0; value < 5; value++)
        {
            var write = WithCrc([0x12, value, 0, 0, 0, 8, 1, 6, 0, 3, 0, value]);
            Assert.Equal(write, await client.AskAsync(write, write.Length));
        }
    }

    private static IMessageFramer Framer { get; } =
        FramerFactory.Create(
            new()
            {
                LengthField = new()
                {
                    Offset = 1,
                    Size = 1,
                    Adjust = 2,
                    MaxBytes = 200,
                },
            }
        );

    // Before the frame, glued behind it, alone and later.
    private static async Task SendAsync(MultiplexPeer peer, string around, byte[] reply)
    {
        var parts = around.Split('|').Select(static part => Convert.FromHexString(part.Trim())).ToList();
        await peer.SendAsync([.. parts[0], .. reply, .. parts[1]]);
        if (parts[2].Length > 0)
        {
            await peer.SendAsync(parts[2]);
        }
    }

    private static byte[] Answer(byte[] request) => Framed([0xB2, 5, .. request[2..^2], 6]);

    private static byte[] Spoilt(byte[] message) => [.. message[..^1], (byte)(message[^1] ^ 1)];

    private static byte[] Framed(byte[] data)
    {
        byte[] message = [2, (byte)data.Length, .. data];
        var crc = Proxy.Multiplexing.Framing.Crc.Ccitt.Compute(message);
        return [.. message, (byte)(crc >> 8), (byte)crc];
    }

    private static byte[] WithCrc(byte[] message)
    {
        var crc = Crc16.Compute(message.AsSpan(6));
        return [.. message, (byte)crc, (byte)(crc >> 8)];
    }
}
