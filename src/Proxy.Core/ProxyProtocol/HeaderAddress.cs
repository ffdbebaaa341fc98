using System.Globalization;
using System.Net;

namespace Proxy.ProxyProtocol;

/// <summary>
/// Parses addresses as version 1 has them: no zeros in front, no zones, no numbers for whole addresses, all of which the framework's parser accepts.
/// </summary>
internal static class HeaderAddress
{
    private const int FourLength = 4;
    private const int SixLength = 16;
    private const int LongestGroup = 4;
    private const int LongestPart = 3;
    private const int LongestPort = 5;

    /// <summary>Parses an address of four decimal parts.</summary>
    public static IPAddress? ParseFour(ReadOnlySpan<byte> text)
    {
        Span<byte> address = stackalloc byte[FourLength];
        return TryParseFour(text, address) ? new IPAddress(address) : null;
    }

    /// <summary>Parses an address of hexadecimal groups (RFC 4291, 2.2). One that stands for an IPv4 address becomes that.</summary>
    public static IPAddress? ParseSix(ReadOnlySpan<byte> text)
    {
        Span<byte> address = stackalloc byte[SixLength];
        return TryParseSix(text, address) ? Unmap(new IPAddress(address)) : null;
    }

    /// <summary>Returns the IPv4 address that an IPv6 address stands for, or the address itself.</summary>
    public static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Parses a port from 0 to 65535; null if it is none.</summary>
    public static int? ParsePort(ReadOnlySpan<byte> text) =>
        TryParseNumber(text, LongestPort, out var port) && port <= IPEndPoint.MaxPort ? port : null;

    private static bool TryParseFour(ReadOnlySpan<byte> text, Span<byte> address)
    {
        for (var i = 0; i < FourLength; i++)
        {
            var end = i == FourLength - 1 ? text.Length : text.IndexOf((byte)'.');
            if (end < 0 || !TryParseNumber(text[..end], LongestPart, out var part) || part > byte.MaxValue)
            {
                return false;
            }

            address[i] = (byte)part;
            text = text[Math.Min(end + 1, text.Length)..];
        }

        return true;
    }

    private static bool TryParseSix(ReadOnlySpan<byte> text, Span<byte> address)
    {
        var (count, gap) = (0, -1); // bytes so far, and those before "::"
        if (text.StartsWith("::"u8))
        {
            gap = 0;
            text = text[2..];
        }

        while (!text.IsEmpty)
        {
            var length = text.IndexOf((byte)':');
            var group = length < 0 ? text : text[..length];
            if (length < 0 && group.Contains((byte)'.'))
            {
                if (count > SixLength - FourLength || !TryParseFour(group, address[count..]))
                {
                    return false;
                }

                count += FourLength;
                break;
            }

            if (count == SixLength || group.Length is 0 or > LongestGroup || !TryParseHex(group, out var value))
            {
                return false;
            }

            (address[count], address[count + 1]) = ((byte)(value >> 8), (byte)value);
            count += 2;
            if (length < 0)
            {
                break;
            }

            text = text[(length + 1)..];
            if (text is [(byte)':', ..])
            {
                if (gap >= 0)
                {
                    return false;
                }

                gap = count;
                text = text[1..];
            }
            else if (text.IsEmpty)
            {
                return false; // a colon at the end
            }
        }

        return gap < 0 ? count == SixLength : Spread(address, count, gap);
    }

    // Puts zeros where "::" is, which has to stand for at least one group.
    private static bool Spread(Span<byte> address, int count, int gap)
    {
        if (count > SixLength - 2)
        {
            return false;
        }

        var behind = count - gap;
        address.Slice(gap, behind).CopyTo(address[(SixLength - behind)..]);
        address[gap..(SixLength - behind)].Clear();
        return true;
    }

    private static bool TryParseHex(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                return false;
            }
        }

        return int.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private static bool TryParseNumber(ReadOnlySpan<byte> text, int longest, out int value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > longest || (text.Length > 1 && text[0] == (byte)'0'))
        {
            return false;
        }

        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        return true;
    }
}
