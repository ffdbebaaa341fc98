using System.Buffers;
using System.Buffers.Binary;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>An RTU frame: unit id, PDU and CRC.</summary>
internal static class RtuFrame
{
    public const int MinBytes = 2 + Crc16.Size;
    public const int MaxBytes = ModbusFunctions.MaxAdu + Crc16.Size;

    public static int Unwrap(ReadOnlySpan<byte> frame, Span<byte> adu) =>
        frame.Length >= MinBytes && frame[..^Crc16.Size].TryCopyTo(adu) ? frame.Length - Crc16.Size : 0;

    public static void Write(ReadOnlySpan<byte> adu, IBufferWriter<byte> writer)
    {
        Span<byte> check = stackalloc byte[Crc16.Size];
        BinaryPrimitives.WriteUInt16LittleEndian(check, Crc16.Compute(adu));
        writer.Write(adu);
        writer.Write(check);
    }
}
