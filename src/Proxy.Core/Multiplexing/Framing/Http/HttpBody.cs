using System.Buffers.Text;
using System.Text;

namespace Proxy.Multiplexing.Framing.Http;

/// <summary>Follows a body to its end (RFC 9112, 6 and 7.1), from its start or from wherever an earlier part of it ended.</summary>
internal ref struct HttpBody(FrameRest rest)
{
    private const int ByLength = 1;
    private const int UntilEnd = 2;

    /// <summary>The state before a chunk.</summary>
    public const int Chunks = 3;

    private const int ChunkData = 4;
    private const int ChunkEnd = 5;
    private const int Trailers = 6;

    private const int MaxSizeLine = 256; // with chunk extensions
    private const int MaxSizeDigits = 8;
    private const int LastChunk = 5; // 0 CR LF CR LF
    private const int LineEnd = 2;

    private int _state = rest.State;
    private long _left = rest.Count; // of the body or the chunk; of trailers, what was read

    /// <summary>What is wrong; null if nothing is.</summary>
    public string? Error { get; private set; }

    /// <summary>Whether the end is found, at <see cref="Position"/>.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Whether the end of the connection was the end of the body.</summary>
    public readonly bool EndsConnection => _state == UntilEnd;

    /// <summary>Up to where the body is read.</summary>
    public int Position { get; private set; }

    /// <summary>The start of the last chunk that was begun.</summary>
    public int LastSize { get; private set; }

    /// <summary>While the end is not found, the least length of the buffer with which it can be.</summary>
    public long Least { get; private set; }

    /// <summary>What follows <see cref="Position"/>.</summary>
    public readonly FrameRest Rest =>
        new(_state, _left) { Least = _state is ByLength or ChunkData ? (int)Math.Min(_left, int.MaxValue) : 1 };

    /// <summary>A body from its first byte.</summary>
    public static FrameRest Start(in HttpHead head) =>
        head.IsChunked ? new(Chunks, 0)
        : head.ContentLength is { } length ? new(ByLength, length)
        : new(UntilEnd, 0);

    /// <summary>A body without a byte if the head does not announce one.</summary>
    public static FrameRest StartOfRequest(in HttpHead head) => head.IsChunked ? Start(head) : new(ByLength, head.ContentLength ?? 0);

    /// <summary>Reads a buffer from a position to its end, or to the end of the body.</summary>
    public void Read(ReadOnlySpan<byte> buffer, int position, InputState input)
    {
        Position = LastSize = position;
        while (Error is null && !IsComplete && Step(buffer, input)) { }
    }

    // False if there are not enough bytes.
    private bool Step(ReadOnlySpan<byte> buffer, InputState input)
    {
        switch (_state)
        {
            case ByLength:
                IsComplete = Take(buffer);
                return Needs(buffer.Length + _left);
            case UntilEnd:
                Position = buffer.Length;
                IsComplete = input == InputState.Ended;
                return Needs(buffer.Length + 1L);
            case Chunks:
                return ReadSize(buffer);
            case ChunkData:
                _state = Take(buffer) ? ChunkEnd : ChunkData;
                return Needs(buffer.Length + _left + LineEnd + LastChunk, _state == ChunkEnd);
            case ChunkEnd:
                return ReadChunkEnd(buffer);
            default:
                return ReadTrailer(buffer);
        }
    }

    private bool Take(ReadOnlySpan<byte> buffer)
    {
        var taken = (int)Math.Min(_left, buffer.Length - Position);
        Position += taken;
        _left -= taken;
        return _left == 0;
    }

    private bool ReadSize(ReadOnlySpan<byte> buffer)
    {
        LastSize = Position;
        var lines = new HttpLines(buffer[Position..], MaxSizeLine);
        if (!lines.TryRead(out var line))
        {
            Error = lines.Error;
            return Needs(Math.Max(buffer.Length + 1L, Position + (long)LastChunk));
        }

        if (ReadSizeLine(line) is not { } size)
        {
            Error = "The size of a chunk is not a hexadecimal number.";
            return false;
        }

        Position += lines.Position;
        _state = size == 0 ? Trailers : ChunkData;
        _left = size;
        return true;
    }

    private static long? ReadSizeLine(ReadOnlySpan<byte> line)
    {
        var semicolon = line.IndexOf((byte)';');
        var digits = semicolon < 0 ? line : line[..semicolon];
        var valid = digits.Length is > 0 and <= MaxSizeDigits && HttpSyntax.IsText(line);
        return valid && Utf8Parser.TryParse(digits, out uint size, out var used, 'X') && used == digits.Length ? size : null;
    }

    private bool ReadChunkEnd(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length < Position + LineEnd)
        {
            return Needs(Position + (long)LineEnd + LastChunk);
        }

        if (!buffer[Position..].StartsWith("\r\n"u8))
        {
            Error = "A chunk is longer than its size.";
            return false;
        }

        Position += LineEnd;
        _state = Chunks;
        return true;
    }

    private bool ReadTrailer(ReadOnlySpan<byte> buffer)
    {
        var lines = new HttpLines(buffer[Position..], HttpHead.MaxBytes - (int)_left);
        if (!lines.TryRead(out var line))
        {
            Error = lines.Error;
            return Needs(buffer.Length + 1L);
        }

        if (!line.IsEmpty && (!HttpSyntax.TryReadField(line, out var name, out _) || IsFraming(name)))
        {
            Error = "A trailer is not a field, or one about the message's length.";
            return false;
        }

        Position += lines.Position;
        _left += lines.Position;
        IsComplete = line.IsEmpty;
        return true;
    }

    private bool Needs(long least, bool goesOn = false)
    {
        Least = least;
        return goesOn;
    }

    private static bool IsFraming(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "Content-Length"u8) || Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8);
}
