using System.Buffers;
using System.Buffers.Binary;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>The header of Modbus TCP: transaction id, protocol id, and length of the rest.</summary>
internal static class Mbap
{
    public const int Size = 6;

    public static CorrelationField TransactionId { get; } = new(Offset: 0, Size: 2);

    /// <summary>
    /// Measures by the length field alone. Protocol id and byte counts are not checked, since some working devices get both wrong.
    /// </summary>
    public static FrameMeasure Measure(ReadOnlySpan<byte> buffer, int minBytes, int maxBytes)
    {
        if (buffer.Length < Size)
        {
            return FrameMeasure.NeedMore(minBytes, maxBytes);
        }

        var length = Size + BinaryPrimitives.ReadUInt16BigEndian(buffer[4..]);
        return length < minBytes ? FrameMeasure.Malformed("The length in the Modbus header is too small.")
            : length > buffer.Length || length > maxBytes ? FrameMeasure.NeedMore(length, maxBytes)
            : FrameMeasure.Complete(length);
    }

    public static void Write(int length, ReadOnlySpan<byte> request, IBufferWriter<byte> writer)
    {
        Span<byte> header = stackalloc byte[Size];
        header.Clear();
        if (TransactionId.TryRead(request, out var id))
        {
            TransactionId.TryWrite(header, id);
        }

        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)length);
        writer.Write(header);
    }
}
