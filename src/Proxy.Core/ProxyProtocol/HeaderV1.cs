using System.Net;

namespace Proxy.ProxyProtocol;

/// <summary>Version 1: a line of text (haproxy's proxy-protocol.txt, 2.1).</summary>
internal static class HeaderV1
{
    /// <summary>The longest line in bytes, CR and LF included.</summary>
    public const int MaxLength = 107;

    private const int Fields = 5;

    /// <summary>What a line begins with.</summary>
    public static ReadOnlySpan<byte> Signature => "PROXY "u8;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">Bytes that begin with the signature.</param>
    /// <param name="header">The header, if it is complete.</param>
    /// <param name="length">Its length in bytes.</param>
    public static ProxyHeaderStatus Read(ReadOnlySpan<byte> bytes, out ProxyHeader? header, out int length)
    {
        header = null;
        var end = bytes[..Math.Min(bytes.Length, MaxLength)].IndexOf((byte)'\n');
        length = end + 1;
        if (end < 0)
        {
            return bytes.Length < MaxLength ? ProxyHeaderStatus.MoreBytes : ProxyHeaderStatus.Invalid;
        }

        if (bytes[end - 1] != (byte)'\r')
        {
            return ProxyHeaderStatus.Invalid;
        }

        header = Parse(bytes[Signature.Length..(end - 1)]);
        return header is null ? ProxyHeaderStatus.Invalid : ProxyHeaderStatus.Complete;
    }

    private static ProxyHeader? Parse(ReadOnlySpan<byte> line)
    {
        if (line.SequenceEqual("UNKNOWN"u8) || line.StartsWith("UNKNOWN "u8))
        {
            return new(1, false, null, null, []);
        }

        Span<Range> fields = stackalloc Range[Fields + 1];
        if (Split(line, fields) != Fields || HeaderAddress.ParsePort(line[fields[3]]) is not { } sourcePort)
        {
            return null;
        }

        var family = line[fields[0]];
        var source = line[fields[1]];
        var destination = line[fields[2]];
        var (from, to) =
            family.SequenceEqual("TCP4"u8) ? (HeaderAddress.ParseFour(source), HeaderAddress.ParseFour(destination))
            : family.SequenceEqual("TCP6"u8) ? (HeaderAddress.ParseSix(source), HeaderAddress.ParseSix(destination))
            : (null, null);
        return from is null || to is null || HeaderAddress.ParsePort(line[fields[4]]) is not { } port
            ? null
            : new(1, false, new IPEndPoint(from, sourcePort), new IPEndPoint(to, port), []);
    }

    // Exactly one space between two fields.
    private static int Split(ReadOnlySpan<byte> line, Span<Range> fields)
    {
        var count = 0;
        var start = 0;
        while (count < fields.Length)
        {
            var space = line[start..].IndexOf((byte)' ');
            fields[count++] = space < 0 ? start..line.Length : start..(start + space);
            if (space < 0)
            {
                break;
            }

            start += space + 1;
        }

        return count;
    }
}
