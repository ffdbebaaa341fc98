using System.Globalization;
using System.Text;

namespace Proxy.Multiplexing;

/// <summary>
/// Shows bytes of a destination to operators: the first of them as text and in hex. No byte can forge a line of a log. Of bytes that may be a
/// client's only the number is shown.
/// </summary>
internal static class PeerBytes
{
    /// <summary>The most bytes that are shown.</summary>
    public const int MostShown = 64;

    /// <summary>Shows bytes; empty for none.</summary>
    public static string Describe(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return "";
        }

        var shown = bytes[..Math.Min(bytes.Length, MostShown)];
        var text = new StringBuilder(shown.Length);
        foreach (var octet in shown)
        {
            text.Append(octet is >= 0x20 and < 0x7F and not (byte)'"' and not (byte)'\\' ? (char)octet : '.');
        }

        var more = bytes.Length > MostShown ? " …" : "";
        return string.Create(CultureInfo.InvariantCulture, $"\"{text}\"{more} (hex {TracedMessage.Hex(shown)}{more})");
    }

    /// <summary>Whether bytes are a message for people: a short line of words, without a digit, since digits may be a client's data.</summary>
    public static bool IsMessage(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= MostShown
        && bytes.Contains((byte)' ')
        && !bytes.ContainsAnyInRange((byte)'0', (byte)'9')
        && bytes.TrimEnd("\r\n\0"u8) is { IsEmpty: false } text
        && !text.ContainsAnyExceptInRange((byte)' ', (byte)'~');

    /// <summary>Says how many bytes there are; empty for none.</summary>
    public static string DescribeLength(int count) =>
        count switch
        {
            0 => "",
            1 => "1 byte",
            _ => string.Create(CultureInfo.InvariantCulture, $"{count} bytes"),
        };
}
