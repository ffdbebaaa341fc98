using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Proxy.Configuration.Reading;

/// <summary>Durations as the contract writes them.</summary>
internal static partial class Durations
{
    public const string Pattern = @"^(\d+\.)?\d{2}:\d{2}:\d{2}(\.\d{1,7})?$";

    // Timers take no more than 2^32 - 2 milliseconds.
    private static readonly TimeSpan _longest = TimeSpan.FromDays(49);

    /// <summary>The word that switches a timeout or limit off.</summary>
    public static bool IsNone(string text) => string.Equals(text, "None", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a duration; returns what is wrong, or null.</summary>
    public static string? TryParse(string text, JsonPropertyInfo? property, out TimeSpan duration)
    {
        duration = default;
        var mayBeNone = ConfigTypes.Attribute<AllowNoneAttribute>(property) is not null;
        if (IsNone(text))
        {
            duration = Timeout.InfiniteTimeSpan;
            return mayBeNone ? null : "'None' is not possible here; write a duration such as '00:00:30'.";
        }

        if (!Format().IsMatch(text) || !TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out duration))
        {
            var none = mayBeNone ? ", or 'None'" : "";
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? $"'{text}' has no unit; for {seconds} seconds write '{TimeSpan.FromSeconds(seconds):c}'{none}."
                : $"'{ScalarReader.Shorten(text)}' is not a duration; write hh:mm:ss, such as '00:00:05'{none}.";
        }

        // What zero means to YARP's own keys is YARP's business.
        var mayBeZero = !ConfigTypes.IsOurs(property) || ConfigTypes.Attribute<AllowZeroAttribute>(property) is not null;
        return duration > _longest ? $"'{text}' is too long; at most 49 days{(mayBeNone ? ", or 'None'" : "")}."
            : duration == TimeSpan.Zero && !mayBeZero ? $"must be more than zero{(mayBeNone ? "; 'None' switches it off" : "")}."
            : null;
    }

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Format();
}
