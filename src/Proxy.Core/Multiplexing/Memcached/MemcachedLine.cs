namespace Proxy.Multiplexing.Memcached;

/// <summary>Reads lines.</summary>
internal static class MemcachedLine
{
    /// <summary>The longest line in bytes, with its end.</summary>
    public const int MaxBytes = 65_536;

    /// <summary>Reads a line that ends with LF or CR LF.</summary>
    /// <param name="bytes">Bytes that begin with a line.</param>
    /// <param name="examined">The number of bytes without LF at the start.</param>
    /// <param name="line">The line without its end.</param>
    /// <returns>The length of the line with its end; 0 while it is incomplete, -1 if it is too long.</returns>
    public static int Read(ReadOnlySpan<byte> bytes, int examined, out ReadOnlySpan<byte> line)
    {
        var searched = bytes[..Math.Min(bytes.Length, MaxBytes)];
        var start = Math.Clamp(examined, 0, searched.Length);
        var length = searched[start..].IndexOf((byte)'\n');
        line = length < 0 ? default : searched[..(start + length)];
        line = line.EndsWith("\r"u8) ? line[..^1] : line;
        return length >= 0 ? start + length + 1
            : searched.Length == MaxBytes ? -1
            : 0;
    }
}
