using System.Text;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Names and units of OpenTelemetry as Prometheus has them.</summary>
internal static class MetricNames
{
    private const string Per = "_per_";

    /// <summary>A metric's name with its unit, without <c>_total</c>.</summary>
    public static string Family(string name, string unit, bool isCounter)
    {
        var clean = Sanitise(name, allowColon: true);
        if (isCounter && clean.EndsWith("_total", StringComparison.Ordinal))
        {
            clean = clean[..^"_total".Length];
        }

        return unit.Length == 0 || clean == unit || clean.EndsWith("_" + unit, StringComparison.Ordinal) ? clean : $"{clean}_{unit}";
    }

    /// <summary>Each run of characters that Prometheus does not allow becomes one underscore, and a digit does not lead.</summary>
    public static string Sanitise(string name, bool allowColon)
    {
        var clean = new StringBuilder(name.Length + 1);
        foreach (var character in name)
        {
            if (char.IsAsciiLetterOrDigit(character) || (allowColon && character == ':'))
            {
                clean.Append(character);
            }
            else if (clean.Length == 0 || clean[^1] != '_')
            {
                clean.Append('_');
            }
        }

        return clean.Length == 0 ? "_"
            : char.IsAsciiDigit(clean[0]) ? clean.Insert(0, '_').ToString()
            : clean.ToString();
    }

    /// <summary>A unit of UCUM as a word; empty for counts.</summary>
    public static string Unit(string? ucum)
    {
        var plain = WithoutAnnotations(ucum ?? "");
        var slash = plain.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return Clean(Word(plain));
        }

        // "{request}/s" counts: what is left is the time.
        var (over, under) = (Clean(Word(plain[..slash])), Clean(PerWord(plain[(slash + 1)..])));
        return under.Length == 0 ? over
            : over.Length == 0 ? $"per_{under}"
            : over + Per + under;
    }

    private static string Clean(string unit) => unit.Length == 0 ? "" : Sanitise(unit, allowColon: false).Trim('_');

    private static string WithoutAnnotations(string ucum)
    {
        while (ucum.IndexOf('{', StringComparison.Ordinal) is >= 0 and var open)
        {
            var close = ucum.IndexOf('}', open);
            if (close < 0)
            {
                break;
            }

            ucum = ucum.Remove(open, close - open + 1);
        }

        return ucum.Trim();
    }

    private static string Word(string unit) =>
        unit switch
        {
            "1" => "",
            "d" => "days",
            "h" => "hours",
            "min" => "minutes",
            "s" => "seconds",
            "ms" => "milliseconds",
            "us" => "microseconds",
            "ns" => "nanoseconds",
            "By" => "bytes",
            "KiBy" => "kibibytes",
            "MiBy" => "mebibytes",
            "GiBy" => "gibibytes",
            "TiBy" => "tibibytes",
            "KBy" => "kilobytes",
            "MBy" => "megabytes",
            "GBy" => "gigabytes",
            "TBy" => "terabytes",
            "B" => "bytes",
            "KB" => "kilobytes",
            "MB" => "megabytes",
            "GB" => "gigabytes",
            "TB" => "terabytes",
            "m" => "meters",
            "V" => "volts",
            "A" => "amperes",
            "J" => "joules",
            "W" => "watts",
            "g" => "grams",
            "Cel" => "celsius",
            "Hz" => "hertz",
            "%" => "percent",
            "$" => "dollars",
            _ => unit,
        };

    private static string PerWord(string unit) =>
        unit switch
        {
            "s" => "second",
            "m" => "minute",
            "h" => "hour",
            "d" => "day",
            "w" => "week",
            "mo" => "month",
            "y" => "year",
            _ => Word(unit),
        };
}
