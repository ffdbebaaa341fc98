using System.Text;

namespace Proxy.Configuration.Reading;

/// <summary>Parses bytes in the form of the configuration: a text, as UTF-8, or "hex:" and two digits for each byte.</summary>
internal static class ByteText
{
    private const string Prefix = "hex:";

    /// <summary>Parses validated bytes.</summary>
    /// <exception cref="FormatException">The text is not valid.</exception>
    public static byte[] Parse(string text) => TryParse(text, out var bytes, out var error) ? bytes : throw new FormatException(error);

    public static bool TryParse(string text, out byte[] bytes, out string? error)
    {
        bytes = [];
        error = null;
        if (!text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            bytes = Encoding.UTF8.GetBytes(text);
            error = bytes.Length == 0 ? "is empty; write a text, or bytes such as 'hex:0D0A'." : null;
            return error is null;
        }

        var digits = text[Prefix.Length..];
        if (digits.Length == 0 || digits.Length % 2 != 0 || !digits.All(char.IsAsciiHexDigit))
        {
            error = $"'{ScalarReader.Shorten(text)}' is not bytes; write two hexadecimal digits for each, such as 'hex:0D0A'.";
            return false;
        }

        bytes = Convert.FromHexString(digits);
        return true;
    }
}
