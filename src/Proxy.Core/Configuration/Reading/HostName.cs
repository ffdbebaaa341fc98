namespace Proxy.Configuration.Reading;

/// <summary>Names of hosts as TLS clients send them (RFC 6066, 3): labels of letters, digits, hyphens and underscores.</summary>
internal static class HostName
{
    /// <summary>The longest name, without a dot at its end (RFC 1035, 3.1).</summary>
    public const int MaxLength = 253;

    private const int MaxLabel = 63;

    /// <summary>Normalizes a name: lower case, without the dot at its end.</summary>
    /// <param name="text">The name as it was written or sent.</param>
    /// <returns>The name; null if it is none, such as an address, an empty one, or one with other characters.</returns>
    public static string? TryNormalize(ReadOnlySpan<char> text)
    {
        var name = text is [.. var rest, '.'] ? rest : text;
        if (name.IsEmpty || name.Length > MaxLength)
        {
            return null;
        }

        Span<char> lower = stackalloc char[name.Length];
        var label = 0;
        var hasOnlyDigits = true; // of the label so far
        for (var i = 0; i < name.Length; i++)
        {
            var letter = name[i];
            lower[i] = char.ToLowerInvariant(letter);
            if (letter == '.')
            {
                if (label == 0)
                {
                    return null;
                }

                (label, hasOnlyDigits) = (0, true);
                continue;
            }

            if (!(char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_') || ++label > MaxLabel)
            {
                return null;
            }

            hasOnlyDigits &= char.IsAsciiDigit(letter);
        }

        // The last label of an IPv4 address is a number, that of a name never is (RFC 3696, 2).
        return label == 0 || hasOnlyDigits ? null : new string(lower);
    }
}
