using System.Buffers;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing.Modbus;

public sealed class ModbusExceptionsTests
{
    public static TheoryData<string, string> Pdus => ModbusExamples.Pdus;

    [Theory]
    [InlineData(LocalReply.NotAllowed, "0007 0000 0003 11 83 01")]
    [InlineData(LocalReply.QueueFull, "0007 0000 0003 11 83 06")]
    [InlineData(LocalReply.NoPath, "0007 0000 0003 11 83 0A")]
    [InlineData(LocalReply.NoAnswer, "0007 0000 0003 11 83 0B")]
    [InlineData(LocalReply.BadAnswer, "0007 0000 0003 11 83 0B")]
    public void TryWrite_ModbusTcp_RepeatsTransactionUnitAndFunction(LocalReply reply, string expected) =>
        Assert.Equal(Bytes.Hex(expected), Written(new ModbusTcpFramer(), reply, Bytes.Hex("0007 0000 0006 11 03 006B 0003")));

    [Fact]
    public void TryWrite_OtherFramings_HaveTheirChecks()
    {
        Assert.Equal(
            Bytes.Hex("0A 81 02 B053").Length,
            Written(new ModbusRtuFramer(), LocalReply.NoPath, Bytes.Hex("0A 01 04A1 0001 AC63"))!.Length
        );
        Assert.Equal(Bytes.Text(":11830A62\r\n"), Written(new ModbusAsciiFramer(), LocalReply.NoPath, Bytes.Text(":1103006B00037E\r\n")));
        Assert.Equal(
            Bytes.Hex("0007 0000 0005 11 83 0A C0F2"),
            Written(new ModbusTcpCrcFramer(), LocalReply.NoPath, Bytes.Hex("0007 0000 0008 11 03 006B 0003 7687"))
        );
    }

    [Theory]
    [MemberData(nameof(Pdus))]
    public void TryWrite_AnyRequest_IsAReplyToIt(string request, string reply)
    {
        Assert.NotNull(reply);
        foreach (var framer in KnownProtocols.BuiltIn.Framers.OfType<IModbusFramer>())
        {
            var asked = ModbusExamples.Framed(framer, request);

            framer.IsReply(Written(framer, LocalReply.NoAnswer, asked)!, asked);
        }
    }

    [Fact]
    public void TryWrite_NothingToSayOrNoRequest_WritesNothing()
    {
        foreach (var framer in KnownProtocols.BuiltIn.Framers.OfType<IModbusFramer>())
        {
            var asked = ModbusExamples.Framed(framer, "03 006B 0003");

            Assert.Null(Written(framer, LocalReply.Malformed, asked));
            Assert.Null(Written(framer, LocalReply.Continue, asked));
            Assert.All(Enumerable.Range(0, 5), length => Assert.Null(Written(framer, LocalReply.NoPath, asked[..Math.Min(length, 3)])));
            Assert.Null(Written(framer, LocalReply.NoPath, new byte[1_000]));
        }
    }

    [Theory]
    [MemberData(nameof(Pdus))]
    public void Unwrap_OfWrapped_IsTheSame(string request, string reply)
    {
        Assert.NotNull(reply);
        foreach (var framer in KnownProtocols.BuiltIn.Framers.OfType<IModbusFramer>())
        {
            var adu = new byte[ModbusFunctions.MaxAdu];

            var length = framer.Unwrap(ModbusExamples.Framed(framer, request), adu);

            Assert.Equal([0x11, .. Bytes.Hex(request)], adu[..length]);
        }
    }

    private static byte[]? Written(IMessageFramer framer, LocalReply reply, byte[] request)
    {
        var writer = new ArrayBufferWriter<byte>();
        return framer.Rules.TryWriteLocal(reply, request, writer) ? writer.WrittenSpan.ToArray() : null;
    }
}
