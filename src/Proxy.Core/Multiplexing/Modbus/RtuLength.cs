using System.Buffers.Binary;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>The length of an RTU frame, derived from its direction, function and counts.</summary>
/// <param name="Kind">How much is known of the length.</param>
/// <param name="Bytes">The length in bytes, with unit id and CRC, or the least that it can be.</param>
internal readonly record struct RtuLength(RtuLengthKind Kind, int Bytes)
{
    private const int DeviceIdentification = 0x0E;
    private const int FirstObject = 8; // of a device identification

    /// <summary>Derives the length of a request.</summary>
    /// <param name="frame">At least two bytes from its start.</param>
    public static RtuLength OfRequest(ReadOnlySpan<byte> frame) =>
        frame[1] switch
        {
            >= 0x01 and <= 0x06 => Exactly(8),
            0x07 or 0x0B or 0x0C or 0x11 => Exactly(4),
            0x08 => OfDiagnostics(frame),
            0x0F or 0x10 => Counted(frame, at: 6, others: 9),
            0x14 or 0x15 => Counted(frame, at: 2, others: 5),
            0x16 => Exactly(10),
            0x17 => Counted(frame, at: 10, others: 13),
            0x18 => Exactly(6),
            0x2B when frame.Length < 3 => AtLeast(RtuFrame.MinBytes),
            0x2B when frame[2] == DeviceIdentification => Exactly(7),
            _ => Unknown,
        };

    /// <summary>Derives the length of a reply.</summary>
    /// <param name="frame">At least two bytes from its start.</param>
    /// <param name="request">The request that it answers; may be empty.</param>
    public static RtuLength OfReply(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> request) =>
        frame[1] switch
        {
            >= ModbusFunctions.ExceptionBit => Exactly(5),
            (>= 0x01 and <= 0x04) or 0x0C or 0x11 or 0x14 or 0x15 or 0x17 => Counted(frame, at: 2, others: 5),
            0x05 or 0x06 or 0x0B or 0x0F or 0x10 => Exactly(8),
            0x07 => Exactly(5),
            // A diagnostics reply has the same form as its request.
            0x08 when request.Length >= RtuFrame.MinBytes => Exactly(request.Length),
            0x16 => Exactly(10),
            0x18 => OfQueue(frame),
            0x2B when frame.Length < 3 => AtLeast(RtuFrame.MinBytes),
            0x2B when frame[2] == DeviceIdentification => OfDeviceIdentification(frame),
            _ => Unknown,
        };

    private static RtuLength Unknown => new(RtuLengthKind.Unknown, RtuFrame.MinBytes);

    private static RtuLength Exactly(int bytes) => new(RtuLengthKind.Exact, bytes);

    private static RtuLength AtLeast(int bytes) => new(RtuLengthKind.AtLeast, bytes);

    private static RtuLength Counted(ReadOnlySpan<byte> frame, int at, int others) =>
        frame.Length > at ? Exactly(others + frame[at]) : AtLeast(others);

    // One word of data is the rule; only the echo (sub-function 0) may have more. The CRC decides.
    private static RtuLength OfDiagnostics(ReadOnlySpan<byte> frame)
    {
        const int OneWord = 8;
        return frame.Length < OneWord ? AtLeast(OneWord)
            : BinaryPrimitives.ReadUInt16BigEndian(frame[2..]) != 0 || Crc16.IsValid(frame[..OneWord]) ? Exactly(OneWord)
            : Unknown;
    }

    private static RtuLength OfQueue(ReadOnlySpan<byte> frame) =>
        frame.Length < 4 ? AtLeast(6) : Exactly(6 + BinaryPrimitives.ReadUInt16BigEndian(frame[2..]));

    private static RtuLength OfDeviceIdentification(ReadOnlySpan<byte> frame)
    {
        var end = FirstObject;
        if (frame.Length < end)
        {
            return AtLeast(end + Crc16.Size);
        }

        for (var left = frame[end - 1]; left > 0; left--)
        {
            // Each object has an id, a length and as many bytes.
            if (frame.Length < end + 2)
            {
                return AtLeast(end + (2 * left) + Crc16.Size);
            }

            end += 2 + frame[end + 1];
        }

        return Exactly(end + Crc16.Size);
    }
}

/// <summary>How much is known of a length.</summary>
internal enum RtuLengthKind
{
    /// <summary>The exact length.</summary>
    Exact,

    /// <summary>The least length; more is known once that many bytes are there.</summary>
    AtLeast,

    /// <summary>Nothing, for a vendor's own function.</summary>
    Unknown,
}
