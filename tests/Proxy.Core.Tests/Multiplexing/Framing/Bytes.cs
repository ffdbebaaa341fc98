using System.Text;

namespace Proxy.Core.Tests.Multiplexing.Framing;

internal static class Bytes
{
    /// <summary>From hexadecimal digits; spaces are for the reader.</summary>
    public static byte[] Hex(string digits) => Convert.FromHexString(digits.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>From text, one byte for each character up to U+00FF.</summary>
    public static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);
}
