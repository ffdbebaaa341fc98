using System.Globalization;
using System.Text.RegularExpressions;

namespace Proxy.Host.Cli;

/// <summary>Parses durations in the syntax of Go programs, such as 2s, 500ms or 1m30s. Only 0 needs no unit.</summary>
internal static partial class GoDuration
{
    private static readonly Dictionary<string, double> _milliseconds = new(StringComparer.Ordinal)
    {
        ["ns"] = 1e-6,
        ["us"] = 1e-3,
        ["µs"] = 1e-3,
        ["ms"] = 1,
        ["s"] = 1000,
        ["m"] = 60_000,
        ["h"] = 3_600_000,
    };

    /// <summary>Parses a duration of at most one day.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var match = Form().Match(text);
        if (text == "0" || !match.Success)
        {
            return text == "0";
        }

        var sum = 0.0;
        for (var i = 0; i < match.Groups["number"].Captures.Count; i++)
        {
            var number = double.Parse(
                match.Groups["number"].Captures[i].ValueSpan,
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture
            );
            sum += number * _milliseconds[match.Groups["unit"].Captures[i].Value];
        }

        if (sum > TimeSpan.FromDays(1).TotalMilliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds(sum);
        return true;
    }

    [GeneratedRegex(@"^(?:(?<number>[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(?<unit>ns|us|µs|ms|s|m|h))+$")]
    private static partial Regex Form();
}
