namespace Proxy.Multiplexing.Framing;

/// <summary>
/// The checksum of Modbus RTU: CRC-16/MODBUS with polynomial 0xA001 (reflected), initial value 0xFFFF, low byte sent first (Modbus Serial Line
/// 1.02, 2.5.1.2).
/// </summary>
internal static class Crc16
{
    public const int Size = 2;
    public const ushort Start = 0xFFFF;
    private const ushort Polynomial = 0xA001;

    private static readonly ushort[] _table = [.. Enumerable.Range(0, 256).Select(static octet => Shift((ushort)octet))];

    public static ushort Compute(ReadOnlySpan<byte> bytes)
    {
        var crc = Start;
        foreach (var octet in bytes)
        {
            crc = Append(crc, octet);
        }

        return crc;
    }

    public static ushort Append(ushort crc, byte octet) => (ushort)((crc >> 8) ^ _table[(byte)(crc ^ octet)]);

    /// <summary>Whether bytes end with their CRC: the CRC over both is zero.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame) => frame.Length > Size && Compute(frame) == 0;

    private static ushort Shift(ushort crc)
    {
        for (var bit = 0; bit < 8; bit++)
        {
            crc = (ushort)((crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ Polynomial);
        }

        return crc;
    }
}
