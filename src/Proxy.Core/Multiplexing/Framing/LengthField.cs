using System.Buffers.Text;
using Proxy.Configuration.Multiplexing;

namespace Proxy.Multiplexing.Framing;

/// <summary>A field that contains the length of its message.</summary>
/// <param name="Offset">The number of bytes before the field.</param>
/// <param name="Size">The length of the field in bytes; short enough for its value to fit 64 bits.</param>
/// <param name="Encoding">The encoding of the number.</param>
/// <param name="Endian">The byte order of a binary number.</param>
/// <param name="Adjust">Added to the value to get the number of bytes after the field.</param>
internal sealed record LengthField(
    int Offset,
    int Size,
    LengthEncoding Encoding = LengthEncoding.Binary,
    Endian Endian = Endian.Big,
    int Adjust = 0
)
{
    // Stands for any length beyond that of a message; adding to it cannot overflow.
    private const ulong Beyond = 1UL << 62;

    public int End => Offset + Size;

    /// <summary>Reads the total length of the message in bytes; null if the field is not a number.</summary>
    public long? Read(ReadOnlySpan<byte> message)
    {
        var field = message.Slice(Offset, Size);
        var value = Encoding switch
        {
            LengthEncoding.Binary => ReadBinary(field),
            LengthEncoding.Ascii => ReadText(field, 'D'),
            LengthEncoding.Hex => ReadText(field, 'X'),
            _ => ReadBcd(field),
        };
        return value is { } known ? End + (long)Math.Min(known, Beyond) + Adjust : null;
    }

    private static ulong? ReadText(ReadOnlySpan<byte> field, char format)
    {
        // The parser would accept a sign.
        foreach (var digit in field)
        {
            if (format == 'D' ? !char.IsAsciiDigit((char)digit) : !char.IsAsciiHexDigit((char)digit))
            {
                return null;
            }
        }

        return Utf8Parser.TryParse(field, out ulong value, out _, format) ? value : null;
    }

    private ulong ReadBinary(ReadOnlySpan<byte> field)
    {
        var value = 0UL;
        for (var index = 0; index < field.Length; index++)
        {
            value = (value << 8) | At(field, index);
        }

        return value;
    }

    private ulong? ReadBcd(ReadOnlySpan<byte> field)
    {
        var value = 0UL;
        for (var index = 0; index < field.Length; index++)
        {
            var (high, low) = (At(field, index) >> 4, At(field, index) & 0x0F);
            if (high > 9 || low > 9)
            {
                return null;
            }

            value = (value * 100) + (ulong)((high * 10) + low);
        }

        return value;
    }

    private byte At(ReadOnlySpan<byte> field, int index) => Endian == Endian.Big ? field[index] : field[^(index + 1)];
}
