namespace Proxy.Multiplexing.Framing.Http;

/// <summary>Reads lines that end with CR LF, and with nothing else.</summary>
/// <param name="bytes">Starts with a line.</param>
/// <param name="maxBytes">All lines together.</param>
internal ref struct HttpLines(ReadOnlySpan<byte> bytes, int maxBytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes[..Math.Min(bytes.Length, maxBytes)];
    private readonly int _maxBytes = maxBytes;

    /// <summary>Where the next line starts.</summary>
    public int Position { get; private set; }

    /// <summary>What is wrong with the line that could not be read; null if it has not come yet.</summary>
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
