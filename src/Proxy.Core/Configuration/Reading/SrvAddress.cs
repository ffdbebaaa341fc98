using System.Diagnostics.CodeAnalysis;

namespace Proxy.Configuration.Reading;

/// <summary>The address srv://name of a service, whose servers DNS names (RFC 2782).</summary>
internal static class SrvAddress
{
    private const string Scheme = "srv://";
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    /// <summary>Whether a text is meant as such an address.</summary>
    public static bool Is(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the name of the service, such as _postgresql._tcp.example.com.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="name">The name, without a dot at its end.</param>
    /// <param name="error">What is wrong, and what would be right.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? name, out string? error)
    {
        name = Is(text) ? text[Scheme.Length..].TrimEnd('/').TrimEnd('.') : null;
        if (name is not null && name.Length is > 0 and <= LongestName && name.Split('.').All(IsLabel))
        {
            error = null;
            return true;
        }

        error = name?.Contains(':', StringComparison.Ordinal) is true
            ? $"'{ScalarReader.Shorten(text)}' has a port, which DNS names for each server; write 'srv://{ScalarReader.Shorten(name[..name.IndexOf(':', StringComparison.Ordinal)])}'."
            : $"'{ScalarReader.Shorten(text)}' is no service; write one such as srv://_postgresql._tcp.example.com.";
        name = null;
        return false;
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= LongestLabel && label.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');
}
