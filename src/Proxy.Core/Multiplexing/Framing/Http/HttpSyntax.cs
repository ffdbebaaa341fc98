using System.Buffers;
using System.Text;

namespace Proxy.Multiplexing.Framing.Http;

/// <summary>The grammar of fields (RFC 9110, 5).</summary>
internal static class HttpSyntax
{
    /// <summary>Stands for any number greater than the length of a message can be.</summary>
    public const long Beyond = long.MaxValue / 16;

    private static readonly SearchValues<byte> _token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8
    );

    private static readonly SearchValues<byte> _target = SearchValues.Create([.. Enumerable.Range(0x21, 0x5E).Select(static c => (byte)c)]);

    private static readonly SearchValues<byte> _control = SearchValues.Create([
        .. Enumerable.Range(0, 0x20).Where(static c => c != '\t').Append(0x7F).Select(static c => (byte)c),
    ]);

    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(_token);

    public static bool IsTarget(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(_target);

    public static bool IsText(ReadOnlySpan<byte> text) => !text.ContainsAny(_control);

    /// <summary>Splits a field into name and value. False for a folded line, a space before the colon or control characters.</summary>
    public static bool TryReadField(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var colon = line.IndexOf((byte)':');
        name = colon < 0 ? default : line[..colon];
        value = line[(colon + 1)..].Trim(" \t"u8);
        return IsToken(name) && IsText(value);
    }

    /// <summary>Reads decimal digits; null for anything else. Numbers beyond all lengths become one great value.</summary>
    public static long? ReadNumber(ReadOnlySpan<byte> digits)
    {
        var value = 0L;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return null;
            }

            value = Math.Min(Beyond, (value * 10) + (digit - '0'));
        }

        return digits.IsEmpty ? null : value;
    }

    /// <summary>Whether a comma-separated list contains a word; case is ignored.</summary>
    public static bool ListHas(ReadOnlySpan<byte> list, ReadOnlySpan<byte> word)
    {
        foreach (var item in list.Split((byte)','))
        {
            if (Ascii.EqualsIgnoreCase(list[item].Trim(" \t"u8), word))
            {
                return true;
            }
        }

        return false;
    }
}
