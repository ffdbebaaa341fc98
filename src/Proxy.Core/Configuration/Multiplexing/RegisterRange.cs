using System.Globalization;

namespace Proxy.Configuration.Multiplexing;

/// <summary>A range of registers.</summary>
/// <param name="First">The first register.</param>
/// <param name="Last">The last register, included.</param>
internal readonly record struct RegisterRange(int First, int Last)
{
    /// <summary>Parses "40000" or "40000-40010".</summary>
    public static bool TryParse(string text, out RegisterRange range)
    {
        range = default;
        var parts = text.Split('-');
        if (parts.Length > 2 || !TryParseOne(parts[0], out var first) || !TryParseOne(parts[^1], out var last) || first > last)
        {
            return false;
        }

        range = new(first, last);
        return true;
    }

    private static bool TryParseOne(string text, out int register)
    {
        var valid = ushort.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        register = number;
        return valid;
    }
}
