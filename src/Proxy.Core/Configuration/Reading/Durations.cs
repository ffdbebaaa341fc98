using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Proxy.Configuration.Reading;

/// <summary>Parses durations in the form of the configuration.</summary>
internal static partial class Durations
{
    public const string Pattern = @"^(\d+\.)?\d{2}:\d{2}:\d{2}(\.\d{1,7})?$";

    // The maximum of .NET's timers is 2^32 - 2 milliseconds.
    private static readonly TimeSpan _longest = TimeSpan.FromDays(49);

    /// <summary>Whether a text is the word that disables a timeout or limit.</summary>
    public static bool IsNone(string text) => string.Equals(text, "None", StringComparison.OrdinalIgnoreCase);

    /// <summary>Parses a duration; returns what is wrong, or null.</summary>
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

        // YARP itself decides what zero means for its own keys.
        var mayBeZero = !ConfigTypes.IsOurs(property) || ConfigTypes.Attribute<AllowZeroAttribute>(property) is not null;
        return duration > _longest ? $"'{text}' is too long; write at most 49 days{(mayBeNone ? ", or 'None'" : "")}."
            : duration == TimeSpan.Zero && !mayBeZero ? $"must be more than zero{(mayBeNone ? "; 'None' switches it off" : "")}."
            : null;
    }

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Format();
}
