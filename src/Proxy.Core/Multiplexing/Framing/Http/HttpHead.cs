using System.Text;

namespace Proxy.Multiplexing.Framing.Http;

/// <summary>Reads from the start line and the fields how long a message is, and whether its connection goes on.</summary>
internal struct HttpHead
{
    public const int MaxBytes = 32 * 1024;
    public const int SwitchingProtocols = 101;
    private const string BadStart = "The first line is not one of HTTP/1.1.";

    private bool _isOld; // HTTP/1.0
    private bool _close;
    private bool _keepAlive;
    private bool _expectsContinue;

    /// <summary>What is wrong; null if nothing is.</summary>
    public string? Error { get; private set; }

    /// <summary>The length of the head in bytes, the empty line included; 0 while it is incomplete.</summary>
    public int Length { get; private set; }

    public int Status { get; private set; }

    public long? ContentLength { get; private set; }

    public bool IsChunked { get; private set; }

    public bool HasUpgrade { get; private set; }

    public bool IsConnect { get; private set; }

    public bool IsHead { get; private set; }

    /// <summary>Whether the method is safe (RFC 9110, 9.2.1).</summary>
    public bool IsSafe { get; private set; }

    public readonly bool IsInterim => Status is >= 100 and < 200 and not SwitchingProtocols;

    public readonly bool HasNoBody => Status is 204 or 304;

    public readonly bool ExpectsContinue => _expectsContinue && !_isOld;

    public readonly bool EndsConnection => _close || (_isOld && !_keepAlive);

    public static HttpHead Read(ReadOnlySpan<byte> bytes, MessageDirection direction)
    {
        var head = new HttpHead();
        var lines = new HttpLines(bytes, MaxBytes);
        if (lines.TryRead(out var line))
        {
            head.ReadStart(line, direction);
        }

        while (head.Error is null && lines.TryRead(out line))
        {
            if (line.IsEmpty)
            {
                head.Length = lines.Position;
                head.CheckWhole();
                return head;
            }

            head.ReadField(line);
        }

        head.Error ??= lines.Error;
        return head;
    }

    private void ReadStart(ReadOnlySpan<byte> line, MessageDirection direction)
    {
        if (direction == MessageDirection.Request)
        {
            ReadRequestLine(line);
        }
        else
        {
            ReadStatusLine(line);
        }
    }

    private void ReadRequestLine(ReadOnlySpan<byte> line)
    {
        var first = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last <= first + 1 || !HttpSyntax.IsToken(line[..first]) || !HttpSyntax.IsTarget(line[(first + 1)..last]))
        {
            Error = BadStart;
            return;
        }

        ReadVersion(line[(last + 1)..]);
        var method = line[..first];
        IsConnect = method.SequenceEqual("CONNECT"u8);
        IsHead = method.SequenceEqual("HEAD"u8);
        IsSafe = IsHead || method.SequenceEqual("GET"u8) || method.SequenceEqual("OPTIONS"u8) || method.SequenceEqual("TRACE"u8);
    }

    private void ReadStatusLine(ReadOnlySpan<byte> line)
    {
        // Some devices leave out the space before an empty reason phrase.
        const int VersionSize = 8;
        var status =
            line.Length >= VersionSize + 4 && line[VersionSize] == ' ' ? HttpSyntax.ReadNumber(line.Slice(VersionSize + 1, 3)) : null;
        var rest = status is null ? default : line[(VersionSize + 4)..];
        if (status is not (>= 100 and <= 999) || (!rest.IsEmpty && rest[0] != ' ') || !HttpSyntax.IsText(rest))
        {
            Error = BadStart;
            return;
        }

        ReadVersion(line[..VersionSize]);
        Status = (int)status;
    }

    private void ReadVersion(ReadOnlySpan<byte> version)
    {
        _isOld = version.SequenceEqual("HTTP/1.0"u8);
        Error = _isOld || version.SequenceEqual("HTTP/1.1"u8) ? null : BadStart;
    }

    private void ReadField(ReadOnlySpan<byte> line)
    {
        if (!HttpSyntax.TryReadField(line, out var name, out var value))
        {
            Error = "A field is not a name, a colon and a value on one line.";
        }
        else if (Ascii.EqualsIgnoreCase(name, "Content-Length"u8))
        {
            ReadContentLength(value);
        }
        else if (Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8))
        {
            Error = IsChunked || !Ascii.EqualsIgnoreCase(value, "chunked"u8) ? "The transfer encoding is not just chunked." : null;
            IsChunked = true;
        }
        else if (Ascii.EqualsIgnoreCase(name, "Connection"u8))
        {
            _close |= HttpSyntax.ListHas(value, "close"u8);
            _keepAlive |= HttpSyntax.ListHas(value, "keep-alive"u8);
        }
        else if (Ascii.EqualsIgnoreCase(name, "Upgrade"u8))
        {
            HasUpgrade = true;
        }
        else if (Ascii.EqualsIgnoreCase(name, "Expect"u8))
        {
            _expectsContinue |= Ascii.EqualsIgnoreCase(value, "100-continue"u8);
        }
    }

    // Even equal values are refused: RFC 9112, 6.3 allows them only if they are rewritten as one, and messages are not changed here.
    private void ReadContentLength(ReadOnlySpan<byte> value)
    {
        var length = HttpSyntax.ReadNumber(value);
        Error =
            ContentLength is not null ? "There is more than one Content-Length."
            : length is null ? "The Content-Length is not a number."
            : length >= HttpSyntax.Beyond ? "The Content-Length is too large."
            : null;
        ContentLength = length;
    }

    private void CheckWhole() =>
        Error =
            IsChunked && ContentLength is not null ? "There are both a Content-Length and a Transfer-Encoding."
            : IsChunked && _isOld ? "HTTP/1.0 has no Transfer-Encoding."
            : null;
}
