using System.Buffers;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Scpi;

/// <summary>
/// Scans one message: units separated by semicolons, each a header and elements separated by commas, up to LF. LF ends a message everywhere but
/// in a block of a given length.
/// </summary>
internal ref struct ScpiScanner
{
    // What is no block is short. The bounds keep a message in many pieces from being scanned again and again.
    private const int MaxElement = 65_536;
    private const int MaxIndefiniteBlock = 1024 * 1024;

    private static readonly SearchValues<byte> _notHeader = SearchValues.Create([
        .. Enumerable.Range(0, 0x21).Concat(";,\"'#()".Select(static c => (int)c)).Select(static c => (byte)c),
    ]);

    private static readonly SearchValues<byte> _white = SearchValues.Create([
        .. Enumerable.Range(0, 0x21).Where(static c => c != '\n').Select(static c => (byte)c),
    ]);

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _isRequest;
    private int _start; // of the bytes that are no block, behind the last separator or block
    private bool _isInBlock;

    /// <param name="bytes">Bytes that begin with a message.</param>
    /// <param name="isRequest">Whether each unit begins with a header; in a reply it may.</param>
    /// <param name="examined">The value of <see cref="Resume"/> of an earlier scan of the same message; 0 at first.</param>
    public ScpiScanner(ReadOnlySpan<byte> bytes, bool isRequest, int examined)
    {
        _bytes = bytes;
        _isRequest = isRequest;
        Resume = examined > 0 && examined <= bytes.Length && bytes[examined - 1] is (byte)';' or (byte)',' ? examined : 0;
        Position = Resume;
    }

    /// <summary>The end of what was scanned; after a whole message its length.</summary>
    public int Position { get; private set; }

    /// <summary>The position behind the last separator, at which a scan with more bytes can begin.</summary>
    public int Resume { get; private set; }

    /// <summary>For a part of a message, the least length of the whole.</summary>
    public long Needed { get; private set; }

    /// <summary>Whether any header has a question mark.</summary>
    public bool HasQuery { get; private set; }

    /// <summary>What is wrong.</summary>
    public string Error { get; private set; } = "";

    public FrameStatus Scan()
    {
        var isUnit = Resume == 0 || _bytes[Resume - 1] == ';';
        while (true)
        {
            _start = Resume;
            var status = isUnit ? ScanHeader() : FrameStatus.Complete;
            status = status == FrameStatus.Complete ? ScanElement() : status;
            if (Position - _start > MaxElement || (status == FrameStatus.NeedMore && !_isInBlock && _bytes.Length - _start > MaxElement))
            {
                return Refuse();
            }

            if (status != FrameStatus.Complete)
            {
                return status;
            }

            var separator = _bytes[Position++];
            if (separator == '\n')
            {
                return FrameStatus.Complete;
            }

            isUnit = separator == ';';
            Resume = Position;
        }
    }

    private FrameStatus ScanHeader()
    {
        SkipWhite();
        var rest = _bytes[Position..];
        var length = rest.IndexOfAny(_notHeader);
        if (length < 0)
        {
            return Need(_bytes.Length + 1L);
        }

        // In a reply, a number or a text may stand where a header could.
        if (_isRequest || (rest[length] == ' ' && length > 0 && IsHeader(rest[0])))
        {
            HasQuery |= rest[..length].Contains((byte)'?');
            Position += length;
        }

        return FrameStatus.Complete;
    }

    private static bool IsHeader(byte first) => char.IsAsciiLetter((char)first) || first is (byte)':' or (byte)'*';

    // Ends at the separator or LF behind the element.
    private FrameStatus ScanElement()
    {
        SkipWhite();
        if (Position == _bytes.Length)
        {
            return Need(Position + 1L);
        }

        var status = _bytes[Position] switch
        {
            (byte)'"' or (byte)'\'' => ScanString(_bytes[Position]),
            (byte)'#' => ScanBlock(),
            _ => FrameStatus.Complete,
        };
        if (status != FrameStatus.Complete)
        {
            return status;
        }

        var end = _bytes[Position..].IndexOfAny((byte)',', (byte)';', (byte)'\n');
        return end < 0 ? Need(_bytes.Length + 1L) : Stop(Position + end);
    }

    // A quote in a string is doubled. A string that is not closed ends with its line: a name may contain an apostrophe.
    private FrameStatus ScanString(byte quote)
    {
        while (true)
        {
            var length = _bytes[(Position + 1)..].IndexOfAny(quote, (byte)'\n');
            var end = Position + 1 + length;
            if (length < 0 || end + 1 == _bytes.Length)
            {
                return length >= 0 && _bytes[end] == '\n' ? Stop(end) : Need(_bytes.Length + 1L);
            }

            if (_bytes[end] == '\n' || _bytes[end + 1] != quote)
            {
                return Stop(_bytes[end] == '\n' ? end : end + 1);
            }

            Position = end + 1;
        }
    }

    private FrameStatus ScanBlock()
    {
        if (Position + 1 == _bytes.Length)
        {
            return Need(_bytes.Length + 1L);
        }

        var digits = _bytes[Position + 1] - '0';
        return digits switch
        {
            0 => ScanIndefiniteBlock(),
            > 0 and <= 9 => ScanDefiniteBlock(digits),
            _ => FrameStatus.Complete, // #H1F, #Q17 and #B101 are numbers
        };
    }

    private FrameStatus ScanDefiniteBlock(int digits)
    {
        var size = 0L;
        var start = Position + 2;
        for (var index = start; index < start + digits; index++)
        {
            if (index == _bytes.Length)
            {
                return Need(_bytes.Length + 1L);
            }

            if (!char.IsAsciiDigit((char)_bytes[index]))
            {
                return FrameStatus.Complete; // a text such as "#4 of 7"
            }

            size = (size * 10) + (_bytes[index] - '0');
        }

        var end = start + digits + size;
        _isInBlock = end >= _bytes.Length;
        return _isInBlock ? Need(end + 1) : StopBehindBlock((int)end);
    }

    // The END that closes such a block on a bus does not exist in a stream, so LF does.
    private FrameStatus ScanIndefiniteBlock()
    {
        var data = _bytes[Position..];
        var length = data[..Math.Min(data.Length, MaxIndefiniteBlock)].IndexOf((byte)'\n');
        _isInBlock = length < 0 && data.Length < MaxIndefiniteBlock;
        return length >= 0 ? StopBehindBlock(Position + length)
            : _isInBlock ? Need(_bytes.Length + 1L)
            : Refuse();
    }

    private void SkipWhite()
    {
        var length = _bytes[Position..].IndexOfAnyExcept(_white);
        Position = length < 0 ? _bytes.Length : Position + length;
    }

    private FrameStatus Stop(int position)
    {
        Position = position;
        return FrameStatus.Complete;
    }

    private FrameStatus StopBehindBlock(int position)
    {
        _start = position;
        return Stop(position);
    }

    private FrameStatus Need(long length)
    {
        Needed = length;
        return FrameStatus.NeedMore;
    }

    private FrameStatus Refuse()
    {
        Error = "A part of the message that is no block of a given length is too long.";
        return FrameStatus.Malformed;
    }
}
