using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>What the trace shows of messages.</summary>
public sealed partial class TraceTests : SessionTestBase
{
    private readonly LogLines _log = new("Proxy.Multiplexing.MessageTrace");

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Trace_UnitMapped_BothSidesOfBothMessages(string transport)
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.AnswerModbus(static adu => ModbusMessages.Value(adu[0], 5));
        await StartAsync(transport, """ "Protocol": "modbus-tcp" """, """ "Modbus": { "UnitMap": { "1": 247 } } """, _log);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Value(1, 5), await client.AskAsync(0x1234, ModbusMessages.Read(1, 7)));

        await Eventually.TrueAsync(() => _log.Lines.Count == 4);
        Assert.Equal(
            [
                "Reply from destination: route r, destination c/d, 11 bytes: ID ID 00 00 00 05 F7 03 02 00 05",
                "Reply to client: route r, destination c/d, 11 bytes: 12 34 00 00 00 05 01 03 02 00 05",
                "Request from client: route r, destination c/d, 12 bytes: 12 34 00 00 00 06 01 03 00 07 00 01",
                "Request to destination: route r, destination c/d, 12 bytes: ID ID 00 00 00 06 F7 03 00 07 00 01",
            ],
            _log.Lines.Select(Stable).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Trace_WriteThatIsDenied_OurAnswerIsShown(string transport)
    {
        Device = Add(new Device(Device.ModbusTcp));
        await StartAsync(transport, """ "Protocol": "modbus-tcp" """, """ "Modbus": { "Writes": "Deny" } """, _log);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Exception(1, 6, 1), await client.AskAsync(1, ModbusMessages.Write(1, 7, 8)));

        await Eventually.TrueAsync(() => _log.Lines.Count == 2);
        Assert.Equal(
            [
                "Request from client: route r, destination c/d, 12 bytes: 00 01 00 00 00 06 01 06 00 07 00 08",
                "Reply to client: route r, destination c/d, 9 bytes: 00 01 00 00 00 03 01 86 01",
            ],
            _log.Lines.Select(static line => Client().Replace(line, ""))
        );
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Trace_ReplyNobodyWaitsFor_ShownWithoutAClient(string transport)
    {
        Device = Add(new Device(Device.ModbusTcp));
        Device.OnMessage = static async (message, peer) =>
        {
            await peer.SendAsync(ModbusMessages.Tcp(0xFFFF, ModbusMessages.Value(1, 9)));
            await peer.SendAsync([.. message[..4], 0, 5, .. ModbusMessages.Value(1, 5)]);
        };
        await StartAsync(transport, """ "Protocol": "modbus-tcp" """, "", _log);
        using var client = await Multiplexer.ConnectAsync();

        Assert.Equal(ModbusMessages.Value(1, 5), await client.AskAsync(1, ModbusMessages.Read(1, 7)));

        Assert.Contains(
            "Reply from destination: client none, route none, destination c/d, 11 bytes: FF FF 00 00 00 05 01 03 02 00 09",
            _log.Lines
        );
    }

    [Fact]
    public void Trace_NotAskedFor_TakesNoMemory()
    {
        var trace = new MessageTrace(NullLogger<MessageTrace>.Instance, Time);
        var key = new SessionKey("c", "d", "tcp://127.0.0.1:1");
        ReadOnlySpan<byte> message = [1, 2, 3];
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
        {
            // Of what they are given they look at nothing.
            trace.FromClient(null!, message);
            trace.ToDestination(null!, []);
            trace.FromDestination(key, null, message);
            Assert.Null(trace.ToClient(null!, message));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Hex_LongMessage_ItsFirst256BytesAndAMark()
    {
        var hex = TracedMessage.Hex([.. Enumerable.Range(0, 300).Select(static octet => (byte)octet)]);

        Assert.StartsWith("00 01 02", hex, StringComparison.Ordinal);
        Assert.EndsWith("FE FF …", hex, StringComparison.Ordinal);
        Assert.Equal((256 * 3) - 1 + 2, hex.Length);
        Assert.Equal(("", "0A"), (TracedMessage.Hex([]), TracedMessage.Hex([10])));
    }

    // Without client, duration and the id that it has upstream.
    private static string Stable(string line) =>
        line.Contains("destination: ", StringComparison.Ordinal) || line.Contains("after ", StringComparison.Ordinal)
            ? UpstreamId().Replace(Client().Replace(Duration().Replace(line, ":"), ""), "bytes: ID ID")
            : Client().Replace(line, "");

    [GeneratedRegex("client [^,]+, ")]
    private static partial Regex Client();

    [GeneratedRegex(" after [0-9.]+ ms:")]
    private static partial Regex Duration();

    [GeneratedRegex("bytes: .. ..")]
    private static partial Regex UpstreamId();
}
