using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Resp;

/// <summary>Reads the arguments of a command one after the other. Of bytes that are no command it reads none, or the first ones.</summary>
internal ref struct RespArguments
{
    private const string White = " \t\n\v\f\r";
    private readonly Span<byte> _scratch;
    private ReadOnlySpan<byte> _rest;

    /// <param name="request">A request.</param>
    /// <param name="scratch">
    /// Takes an argument of an inline command until the next one is read, since it may be written with quotes; of a longer one only its start.
    /// </param>
    public RespArguments(ReadOnlySpan<byte> request, Span<byte> scratch)
    {
        _scratch = scratch;
        IsInline = !request.StartsWith("*"u8);
        if (IsInline)
        {
            var end = request.IndexOf((byte)'\n');
            _rest = end < 0 ? request : request[..end];
        }
        else if (RespLine.Read(request, 1, RespLine.MaxCount, out var line) == FrameStatus.Complete)
        {
            _rest = request[RespLine.After(1, line)..];
        }
    }

    /// <summary>Whether the command is one line of words.</summary>
    public bool IsInline { get; }

    /// <summary>Whether an inline command is not what a server would accept: a quote is not closed, or is followed by text.</summary>
    public bool IsInvalid { get; private set; }

    /// <summary>Reads the next argument.</summary>
    /// <param name="argument">The argument.</param>
    /// <returns>False if there is none.</returns>
    public bool TryRead(out ReadOnlySpan<byte> argument) => IsInline ? TryReadInline(out argument) : TryReadBulk(out argument);

    private bool TryReadBulk(out ReadOnlySpan<byte> argument)
    {
        argument = default;
        if (
            !_rest.StartsWith("$"u8)
            || RespLine.Read(_rest, 1, RespLine.MaxCount, out var line) != FrameStatus.Complete
            || !RespLine.TryReadCount(line, out var length)
            || length < 0
            || length > _rest.Length - RespLine.After(1, line) - 2
        )
        {
            return false;
        }

        var start = RespLine.After(1, line);
        argument = _rest.Slice(start, (int)length);
        _rest = _rest[(start + (int)length + 2)..];
        return true;
    }

    // As sdssplitargs of Redis does it.
    private bool TryReadInline(out ReadOnlySpan<byte> argument)
    {
        argument = default;
        while (!_rest.IsEmpty && IsWhite(_rest[0]))
        {
            _rest = _rest[1..];
        }

        var hasAny = !_rest.IsEmpty;
        var count = 0;
        while (!_rest.IsEmpty && !IsWhite(_rest[0]) && !IsInvalid)
        {
            var next = _rest[0];
            IsInvalid |= next == 0; // a server takes it for the end of all it was sent
            _rest = _rest[1..];
            if (next is (byte)'"' or (byte)'\'')
            {
                ReadQuoted(next, ref count);
            }
            else
            {
                Put(next, ref count);
            }
        }

        argument = _scratch[..count];
        return hasAny && !IsInvalid;
    }

    private void ReadQuoted(byte quote, ref int count)
    {
        while (!_rest.IsEmpty && _rest[0] != quote)
        {
            IsInvalid |= _rest[0] == 0;
            Put(ReadQuotedByte(quote), ref count);
        }

        IsInvalid |= _rest.IsEmpty || (_rest.Length > 1 && !IsWhite(_rest[1]));
        _rest = _rest.IsEmpty ? _rest : _rest[1..];
    }

    private byte ReadQuotedByte(byte quote)
    {
        if (_rest[0] != '\\' || _rest.Length == 1 || (quote == '\'' && _rest[1] != '\''))
        {
            return Take(1, _rest[0]);
        }

        if (_rest is [_, (byte)'x', var high, var low, ..] && char.IsAsciiHexDigit((char)high) && char.IsAsciiHexDigit((char)low))
        {
            return Take(4, (byte)((Digit(high) << 4) | Digit(low)));
        }

        return Take(
            2,
            _rest[1] switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'b' => (byte)'\b',
                (byte)'a' => (byte)'\a',
                var other => other,
            }
        );
    }

    private byte Take(int length, byte value)
    {
        _rest = _rest[length..];
        return value;
    }

    private static int Digit(byte digit) => char.IsAsciiDigit((char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private readonly void Put(byte value, ref int count)
    {
        if (count < _scratch.Length)
        {
            _scratch[count++] = value;
        }
    }

    private static bool IsWhite(byte octet) => White.Contains((char)octet, StringComparison.Ordinal);
}
