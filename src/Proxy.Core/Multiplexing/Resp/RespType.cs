using System.Buffers;

namespace Proxy.Multiplexing.Resp;

/// <summary>The types of values, each of which begins with its letter and a line.</summary>
internal static class RespType
{
    public const byte Push = (byte)'>';
    public const byte Attribute = (byte)'|';
    private const int LongestNumber = 512;

    private static readonly SearchValues<byte> _double = SearchValues.Create("+-.0123456789eEinfaINFA"u8);

    public static bool IsKnown(byte type) => "+-:$*_#,(!=%~"u8.Contains(type);

    /// <summary>Whether as many bytes follow as the line says.</summary>
    public static bool IsBulk(byte type) => type is (byte)'$' or (byte)'!' or (byte)'=';

    /// <summary>Whether as many values follow as the line says.</summary>
    public static bool IsAggregate(byte type) => type is (byte)'*' or (byte)'~' or (byte)'%';

    public static int LongestLine(byte type) =>
        type is (byte)'+' or (byte)'-' ? RespLine.MaxBytes
        : IsBulk(type) || IsAggregate(type) ? RespLine.MaxCount
        : LongestNumber;

    /// <summary>Reads the line of a value.</summary>
    /// <param name="type">A known type.</param>
    /// <param name="line">The line.</param>
    /// <param name="size">The number of bytes or values that follow; -1 for null.</param>
    /// <returns>False if the line is not one of this type.</returns>
    public static bool TryRead(byte type, ReadOnlySpan<byte> line, out long size)
    {
        size = 0;
        return type switch
        {
            (byte)'+' or (byte)'-' => true,
            (byte)'_' => line.IsEmpty,
            (byte)'#' => line.SequenceEqual("t"u8) || line.SequenceEqual("f"u8),
            (byte)':' or (byte)'(' => IsInteger(line),
            (byte)',' => !line.IsEmpty && !line.ContainsAnyExcept(_double),
            (byte)'%' => RespLine.TryReadCount(line, out size) && size >= 0 && (size *= 2) >= 0,
            (byte)'$' or (byte)'*' => RespLine.TryReadCount(line, out size),
            _ => RespLine.TryReadCount(line, out size) && size >= 0,
        };
    }

    private static bool IsInteger(ReadOnlySpan<byte> line)
    {
        var digits = line is [(byte)'+' or (byte)'-', ..] ? line[1..] : line;
        return !digits.IsEmpty && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }
}
