using System.Globalization;
using System.Text;

namespace Proxy.Multiplexing;

/// <summary>Shows bytes of a destination to operators: the first of them as text and in hex. No byte can forge a line of a log.</summary>
internal static class PeerBytes
{
    /// <summary>The most bytes that are shown.</summary>
    public const int MostShown = 64;

    public static string Describe(ReadOnlySpan<byte> bytes)
    {
        var shown = bytes[..Math.Min(bytes.Length, MostShown)];
        var text = new StringBuilder(shown.Length);
        foreach (var octet in shown)
        {
            text.Append(octet is >= 0x20 and < 0x7F and not (byte)'"' and not (byte)'\\' ? (char)octet : '.');
        }

        var more = bytes.Length > MostShown ? " …" : "";
        return string.Create(CultureInfo.InvariantCulture, $"\"{text}\"{more} (hex {TracedMessage.Hex(shown)}{more})");
    }
}
