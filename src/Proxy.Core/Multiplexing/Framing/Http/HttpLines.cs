namespace Proxy.Multiplexing.Framing.Http;

/// <summary>Reads lines that end with CR LF only.</summary>
/// <param name="bytes">Bytes that begin with a line.</param>
/// <param name="maxBytes">The longest allowed length of all lines together, in bytes.</param>
internal ref struct HttpLines(ReadOnlySpan<byte> bytes, int maxBytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes[..Math.Min(bytes.Length, maxBytes)];
    private readonly int _maxBytes = maxBytes;

    /// <summary>The position of the next line.</summary>
    public int Position { get; private set; }

    /// <summary>What is wrong with the next line; null if it is only incomplete.</summary>
    public string? Error { get; private set; }

    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        line = default;
        var rest = _bytes[Position..];
        var end = rest.IndexOfAny((byte)'\r', (byte)'\n');
        if (end >= 0 && (rest[end] == '\n' || (end + 1 < rest.Length && rest[end + 1] != '\n')))
        {
            Error = "A CR or LF stands alone.";
            return false;
        }

        if (end < 0 || end + 1 == rest.Length)
        {
            Error = _bytes.Length == _maxBytes ? "A header is too long." : null;
            return false;
        }

        line = rest[..end];
        Position += end + 2;
        return true;
    }
}
