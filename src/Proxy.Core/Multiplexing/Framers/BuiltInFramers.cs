using Proxy.Configuration;
using Proxy.Multiplexing.Framers.Http;
using Proxy.Multiplexing.Framers.Modbus;

namespace Proxy.Multiplexing.Framers;

/// <summary>The framers that come with the library.</summary>
internal static class BuiltInFramers
{
    private const int MaxLine = 65_536;

    public static IReadOnlyList<IMessageFramer> All { get; } =
    [
        new DelimiterFramer("line", "Lines of text, each ended by LF.", [(byte)'\n'], MaxLine) { RepliesInOrder = true },
        new LengthFieldFramer(
            "iso8583",
            "A length of two bytes, most significant first and not counting itself, then that many bytes.",
            new LengthField(Offset: 0, Size: 2),
            MaxBytes: 2 + ushort.MaxValue
        ),
        new LengthFieldFramer(
            "mpu",
            "A length of four decimal digits, not counting itself, then that many bytes.",
            new LengthField(Offset: 0, Size: 4, LengthEncoding.Ascii),
            MaxBytes: 4 + 9999
        ),
        new ModbusTcpFramer(),
        new ModbusTcpCrcFramer(),
        new ModbusRtuFramer(),
        new ModbusAsciiFramer(),
        new Http1Framer(),
    ];
}
