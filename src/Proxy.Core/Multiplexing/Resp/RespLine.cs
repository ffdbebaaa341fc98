using System.Buffers.Text;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Resp;

/// <summary>Reads the lines of RESP, which end with CR LF, and the numbers in them.</summary>
internal static class RespLine
{
    /// <summary>The longest line that is no inline command, in bytes, without CR LF.</summary>
    public const int MaxBytes = 65_536;

    /// <summary>The longest line that is a count or a length: more digits than any that fits.</summary>
    public const int MaxCount = 12;

    private const int End = 2;

    /// <summary>Reads the line at a position.</summary>
    /// <param name="buffer">The bytes.</param>
    /// <param name="position">The start of the line; at most the length of the buffer.</param>
    /// <param name="most">The longest line, without CR LF.</param>
    /// <param name="line">The line without CR LF.</param>
    /// <returns>Complete, NeedMore, or Malformed if it is longer or contains CR or LF.</returns>
    public static FrameStatus Read(ReadOnlySpan<byte> buffer, int position, int most, out ReadOnlySpan<byte> line)
    {
        var rest = buffer[position..];
        rest = rest[..Math.Min(rest.Length, most + End)];
        var length = rest.IndexOfAny((byte)'\r', (byte)'\n');
        line = length < 0 ? default : rest[..length];
        return length < 0 || (length + 1 == rest.Length && rest[length] == '\r')
            ? rest.Length == most + End
                ? FrameStatus.Malformed
                : FrameStatus.NeedMore
            : rest[length] == '\r' && rest[length + 1] == '\n'
                ? FrameStatus.Complete
                : FrameStatus.Malformed;
    }

    /// <summary>Reads a count or length: digits without leading zeros, or -1 for null.</summary>
    public static bool TryReadCount(ReadOnlySpan<byte> line, out long count)
    {
        if (line.SequenceEqual("-1"u8))
        {
            count = -1;
            return true;
        }

        count = 0;
        return !line.IsEmpty
            && char.IsAsciiDigit((char)line[0])
            && (line[0] != '0' || line.Length == 1)
            && Utf8Parser.TryParse(line, out count, out var used)
            && used == line.Length;
    }

    /// <summary>The position behind a line and its CR LF.</summary>
    public static int After(int position, ReadOnlySpan<byte> line) => position + line.Length + End;
}
