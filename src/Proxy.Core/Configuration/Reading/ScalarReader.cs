using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Proxy.Configuration.Reading;

/// <summary>Reads single values, and reports what would be right if they are wrong.</summary>
internal sealed class ScalarReader(ProblemList problems)
{
    private const NumberStyles Spaces = NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;

    public static string Shorten(string? text) =>
        SecretMask.Apply(text ?? "") is var shown && shown.Length > 60 ? $"{shown[..60]}…" : shown;

    public JsonNode? Read(ConfigNode node, Type type, JsonPropertyInfo? property)
    {
        if (type.IsEnum && type.IsDefined(typeof(FlagsAttribute), false))
        {
            return ReadFlags(node, type);
        }

        if (node.HasChildren || node.Value is not { } text)
        {
            if (node.HasChildren)
            {
                problems.Error(node.Path, $"a single value is expected here{(type == typeof(string) ? "" : $" ({Kind(type)})")}.");
            }

            return null;
        }

        if (Durations.IsNone(text) && type != typeof(TimeSpan) && ConfigTypes.Attribute<AllowNoneAttribute>(property) is not null)
        {
            // As in a duration, -1 stands for none where the default is a limit.
            return type == typeof(long) ? JsonValue.Create(-1L) : null;
        }

        var value = Parse(text, type, property, out var error);
        if (error is not null)
        {
            problems.Error(node.Path, error);
        }

        return error is null ? value : null;
    }

    private static JsonValue? Parse(string text, Type type, JsonPropertyInfo? property, out string? error)
    {
        error = null;
        if (type == typeof(string))
        {
            return JsonValue.Create(text);
        }

        if (type == typeof(bool))
        {
            error = bool.TryParse(text, out var flag) ? null : $"'{Shorten(text)}' is neither true nor false; write one of both.";
            return JsonValue.Create(flag);
        }

        if (type == typeof(TimeSpan))
        {
            error = Durations.TryParse(text, property, out var duration);
            return JsonValue.Create(duration.ToString("c", CultureInfo.InvariantCulture));
        }

        return type.IsEnum ? ParseEnum(text, type, out error)
            : type == typeof(Uri) || type == typeof(Version) ? ParseOther(text, type, out error)
            : ParseNumber(text, type, property, out error);
    }

    private static JsonValue? ParseNumber(string text, Type type, JsonPropertyInfo? property, out string? error)
    {
        if (type == typeof(double))
        {
            var real =
                double.TryParse(text, NumberStyles.Float & ~Spaces, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value);
            error = real ? null : $"'{Shorten(text)}' is not a number; write one such as 0.5.";
            return real ? JsonValue.Create(value) : null;
        }

        var (low, high) = type == typeof(long) ? (long.MinValue, long.MaxValue) : (int.MinValue, int.MaxValue);
        if (ConfigTypes.Attribute<RangeAttribute>(property) is { } range)
        {
            (low, high) = ConfigTypes.Limits(range);
        }

        var whole = Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        error =
            whole && number >= low && number <= high ? null
            : whole || (text.Length > 0 && text.All(char.IsAsciiDigit)) ? $"{Shorten(text)} is out of range; {low} to {high} is allowed."
            : $"'{Shorten(text)}' is not a whole number; write digits only.";
        return error is null ? JsonValue.Create((long)number) : null;
    }

    private static JsonValue? ParseEnum(string text, Type type, out string? error)
    {
        var names = Enum.GetNames(type);
        var name = names.FirstOrDefault(name => string.Equals(name, text, StringComparison.OrdinalIgnoreCase));
        var allowed = names.Where(name => ConfigTypes.IsAvailable(type, name)).ToList();
        error =
            name is null ? $"'{Shorten(text)}' is not one of {DidYouMean.List(allowed)}{DidYouMean.Suffix(text, allowed)}"
            : ConfigTypes.IsAvailable(type, name) ? null
            : $"'{name}' is not available yet; use {DidYouMean.List(allowed)}.";
        return JsonValue.Create(name);
    }

    private static JsonValue? ParseOther(string text, Type type, out string? error)
    {
        if (type == typeof(Uri))
        {
            error = Uri.TryCreate(text, UriKind.Absolute, out _)
                ? null
                : $"'{Shorten(text)}' is not an absolute URI; write one such as http://host/path.";
            return JsonValue.Create(text);
        }

        // As in YARP, "2" means 2.0.
        var valid = Version.TryParse(text.Contains('.', StringComparison.Ordinal) ? text : $"{text}.0", out var version);
        error = valid ? null : $"'{Shorten(text)}' is not a version; write one such as 2 or 1.1.";
        return JsonValue.Create(version?.ToString());
    }

    private static string Kind(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "a duration such as 00:00:05"
        : type.IsEnum ? string.Join(", ", Enum.GetNames(type))
        : "a number";

    private JsonValue? ReadFlags(ConfigNode node, Type type)
    {
        if (!node.LooksLikeList)
        {
            // YARP would ignore a single value silently.
            problems.Error(node.Path, "a list is expected here: [ … ].");
            return null;
        }

        var names = node.Items().Where(part => !part.IsNull).Select(part => ReadFlag(part, type)).OfType<string>().ToList();
        return names.Count == 0 ? null : JsonValue.Create(string.Join(", ", names));
    }

    private string? ReadFlag(ConfigNode node, Type type)
    {
        var value = ParseEnum(node.Value ?? "", type, out var error);
        if (error is not null)
        {
            problems.Error(node.Path, error);
        }

        return error is null ? value?.GetValue<string>() : null;
    }
}
