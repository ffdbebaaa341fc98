using System.Buffers;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Core.Tests.Multiplexing.Modbus;

/// <summary>The examples of the Modbus Application Protocol 1.1b3 and some at the limits: request and reply PDU.</summary>
internal static class ModbusExamples
{
    public static TheoryData<string, string> Pdus =>
        new()
        {
            { "01 0013 0013", "01 03 CD6B05" },
            { "02 00C4 0016", "02 03 ACDB35" },
            { "03 006B 0003", "03 06 022B 0000 0064" },
            { "03 0000 007D", "03 FA " + Zeros(250) },
            { "04 0008 0001", "04 02 000A" },
            { "05 00AC FF00", "05 00AC FF00" },
            { "06 0001 0003", "06 0001 0003" },
            { "07", "07 6D" },
            { "08 0000 A537", "08 0000 A537" },
            { "08 0000 A537 0102 0304", "08 0000 A537 0102 0304" },
            { "08 0001 FF00", "08 0001 FF00" },
            { "0B", "0B FFFF 0108" },
            { "0C", "0C 08 0000 0108 0121 2000" },
            { "0F 0013 000A 02 CD01", "0F 0013 000A" },
            { "10 0001 0002 04 000A 0102", "10 0001 0002" },
            { "10 0000 007B F6 " + Zeros(246), "10 0000 007B" },
            { "11", "11 03 1234 FF" },
            { "14 0E 06 0004 0001 0002 06 0003 0009 0002", "14 0C 05 06 0DFE 0020 05 06 33CD 0040" },
            { "15 0D 06 0004 0007 0003 06AF 04BE 100D", "15 0D 06 0004 0007 0003 06AF 04BE 100D" },
            { "16 0004 00F2 0025", "16 0004 00F2 0025" },
            { "17 0003 0006 000E 0003 06 00FF 00FF 00FF", "17 0C 00FE 0ACD 0001 0003 000D 00FF" },
            { "18 04DE", "18 0006 0002 01B8 1284" },
            { "18 04DE", "18 0040 001F " + Zeros(62) },
            { "2B 0E 01 00", "2B 0E 01 01 00 00 03 00 02 4142 01 00 02 05 56322E3131" },
            { "2B 0E 04 07", "2B 0E 04 81 00 00 00" },
            { "03 006B 0003", "83 02" },
            { "2B 0E 01 00", "AB 03" },
            { "41 01 02 03", "C1 01" },
        };

    /// <summary>The same behind a unit id, in a framing.</summary>
    public static byte[] Framed(IModbusFramer framer, string pdu, byte unit = 0x11, byte[]? request = null)
    {
        var writer = new ArrayBufferWriter<byte>();
        framer.Wrap([unit, .. Bytes.Hex(pdu)], request, writer);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Each framing finds both sides of an exchange whole.</summary>
    public static void AreFound(IModbusFramer framer, string request, string reply)
    {
        var asked = Framed(framer, request);

        Assert.Equal(asked.Length, framer.Request(asked).Length);
        framer.IsReply(Framed(framer, reply, request: asked), asked);
    }

    private static string Zeros(int count) => new('0', 2 * count);
}
