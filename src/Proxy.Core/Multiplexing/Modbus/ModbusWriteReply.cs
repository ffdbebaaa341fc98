namespace Proxy.Multiplexing.Modbus;

/// <summary>Computes a device's reply to a successful write (Modbus Application Protocol 1.1b3, 6.5, 6.6, 6.11, 6.12, 6.16).</summary>
internal static class ModbusWriteReply
{
    private const int Single = 6; // unit id, function, address, value or count
    private const int Mask = 8;

    /// <summary>How many bytes at the start of the request make up the reply; 0 if only the device knows the reply.</summary>
    /// <param name="adu">Unit id and PDU of the request.</param>
    public static int Length(ReadOnlySpan<byte> adu) =>
        adu.Length < Single
            ? 0
            : adu[1] switch
            {
                0x05 or 0x06 => adu.Length == Single ? Single : 0,
                0x0F or 0x10 => Single,
                0x16 => adu.Length == Mask ? Mask : 0,
                _ => 0,
            };
}
