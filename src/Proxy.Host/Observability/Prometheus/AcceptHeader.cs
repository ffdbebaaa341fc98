using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Reads Accept and Accept-Encoding as Prometheus' content negotiation has them: the highest q wins, the first on a tie, and an entry with anything we do not know is passed over.</summary>
internal static class AcceptHeader
{
    /// <summary>The format of the answer; text 0.0.4 where nothing fits.</summary>
    public static ExpositionFormat Negotiate(StringValues accept)
    {
        var (best, bestQuality) = (ExpositionFormat.Text, 0.0);
        foreach (var line in accept)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                if (Read(line.AsSpan()[range], out var quality) is { } format && quality > bestQuality)
                {
                    (best, bestQuality) = (format, quality);
                }
            }
        }

        return best;
    }

    /// <summary>Whether gzip is accepted by name.</summary>
    public static bool AllowsGzip(StringValues acceptEncoding)
    {
        foreach (var line in acceptEncoding)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                var rest = line.AsSpan()[range];
                if (Is(Next(ref rest), "gzip"))
                {
                    return Quality(rest) > 0;
                }
            }
        }

        return false;
    }

    private static ExpositionFormat? Read(ReadOnlySpan<char> rest, out double quality)
    {
        quality = 0;
        var type = Next(ref rest);
        var openMetrics = Is(type, "application/openmetrics-text");
        if (!openMetrics && !Is(type, "text/plain"))
        {
            return null;
        }

        ReadOnlySpan<char> version = default;
        quality = 1;
        while (!rest.IsEmpty)
        {
            var parameter = Next(ref rest);
            if (TryValue(parameter, "q", out var q))
            {
                quality = ParseQuality(q);
            }
            else if (TryValue(parameter, "version", out var asked))
            {
                version = asked;
            }
            else if (TryValue(parameter, "escaping", out var escaping) && escaping is not ("underscores" or "allow-utf-8"))
            {
                return null;
            }
        }

        return openMetrics ? OpenMetrics(version) : Text(version);
    }

    private static ExpositionFormat? OpenMetrics(ReadOnlySpan<char> version) =>
        version switch
        {
            "" or "1.0.0" => ExpositionFormat.OpenMetrics,
            "0.0.1" => ExpositionFormat.OpenMetrics0,
            _ => null,
        };

    private static ExpositionFormat? Text(ReadOnlySpan<char> version) =>
        version switch
        {
            "" or "0.0.4" => ExpositionFormat.Text,
            "1.0.0" => ExpositionFormat.Text1,
            _ => null,
        };

    private static double Quality(ReadOnlySpan<char> parameters)
    {
        while (!parameters.IsEmpty)
        {
            if (TryValue(Next(ref parameters), "q", out var q))
            {
                return ParseQuality(q);
            }
        }

        return 1;
    }

    // Zero is "not at all", and so is whatever is not a quality.
    private static double ParseQuality(ReadOnlySpan<char> text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quality) && quality is > 0 and <= 1
            ? quality
            : 0;

    private static bool TryValue(ReadOnlySpan<char> parameter, scoped ReadOnlySpan<char> name, out ReadOnlySpan<char> value)
    {
        var at = parameter.IndexOf('=');
        value = at < 0 ? default : parameter[(at + 1)..].Trim();
        if (value is ['"', .. var inside, '"'])
        {
            value = inside;
        }

        return at >= 0 && Is(parameter[..at].Trim(), name);
    }

    private static ReadOnlySpan<char> Next(scoped ref ReadOnlySpan<char> rest)
    {
        var at = rest.IndexOf(';');
        var part = at < 0 ? rest : rest[..at];
        rest = at < 0 ? default : rest[(at + 1)..];
        return part.Trim();
    }

    private static bool Is(ReadOnlySpan<char> given, ReadOnlySpan<char> expected) =>
        given.Equals(expected, StringComparison.OrdinalIgnoreCase);
}
