namespace Proxy.Multiplexing.Modbus;

/// <summary>What a device answers to a write that succeeded (Modbus Application Protocol 1.1b3, 6.5, 6.6, 6.11, 6.12, 6.16).</summary>
internal static class ModbusWriteReply
{
    private const int Single = 6; // unit id, function, address, value or count
    private const int Mask = 8;

    /// <summary>Writes it, if the reply to that function can be known without the device.</summary>
    public static bool TryWrite(IModbusFramer framer, ReadOnlySpan<byte> request, ByteBuffer writer)
    {
        Span<byte> adu = stackalloc byte[ModbusRules.MaxAdu];
        var length = framer.Unwrap(request, adu);
        var reply =
            length < Single
                ? 0
                : adu[1] switch
                {
                    0x05 or 0x06 => length == Single ? Single : 0,
                    0x0F or 0x10 => Single,
                    0x16 => length == Mask ? Mask : 0,
                    _ => 0,
                };
        if (reply > 0)
        {
            framer.Wrap(adu[..reply], request, writer);
        }

        return reply > 0;
    }
}
