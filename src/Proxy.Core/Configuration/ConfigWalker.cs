using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;

namespace Proxy.Configuration;

/// <summary>Reads a section into the record that its <see cref="JsonTypeInfo"/> describes, and gathers every error on the way.</summary>
internal sealed class ConfigWalker(Action<string, string> error)
{
    private static readonly JsonSerializerOptions _options = new()
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Reads a record; what is wrong is left at its default and reported.</summary>
    public T Read<T>(IConfiguration section, string path)
    {
        var node = ReadObject(_options.GetTypeInfo(typeof(T)), section, path);
        return node.Deserialize<T>(_options)!;
    }

    private JsonNode? Read(Type type, IConfigurationSection section, string path, ICustomAttributeProvider? attributes)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var info = _options.GetTypeInfo(type);
        return info.Kind switch
        {
            _ when type == typeof(JsonElement) => null,
            JsonTypeInfoKind.Object when type != typeof(string) => HasNoValue(section, path, "an object")
                ? ReadObject(info, section, path)
                : null,
            JsonTypeInfoKind.Dictionary => HasNoValue(section, path, "an object") ? ReadDictionary(info, section, path) : null,
            JsonTypeInfoKind.Enumerable => ReadList(info, section, path),
            _ => ReadScalar(type, section, path, attributes),
        };
    }

    private JsonObject ReadObject(JsonTypeInfo type, IConfiguration section, string path)
    {
        var result = new JsonObject();
        foreach (var child in section.GetChildren())
        {
            var childPath = Join(path, child.Key);
            var property = type.Properties.FirstOrDefault(property => property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                ReportUnknown(type, child, path, childPath);
            }
            else if (Has<NotAvailableYetAttribute>(property.AttributeProvider))
            {
                if (child.Value is not (null or "" or "None" or "False" or "false") || child.GetChildren().Any())
                {
                    error(childPath, "not available yet.");
                }
            }
            else if (Read(property.PropertyType, child, childPath, property.AttributeProvider) is { } value)
            {
                result[property.Name] = value;
            }
        }

        return result;
    }

    private void ReportUnknown(JsonTypeInfo type, IConfigurationSection child, string path, string childPath)
    {
        // Other root sections belong to others.
        if (path.Length > 0 || type.Type != typeof(ProxyConfig))
        {
            var names = type.Properties.Select(static property => property.Name);
            error(childPath, $"unknown key{Suggestion.For(child.Key, names)}");
        }
    }

    private JsonObject ReadDictionary(JsonTypeInfo type, IConfigurationSection section, string path)
    {
        var result = new JsonObject();
        foreach (var child in section.GetChildren())
        {
            result[child.Key] =
                Read(type.ElementType!, child, Join(path, child.Key), null)
                ?? (type.ElementType == typeof(string) ? null : new JsonObject());
        }

        return result;
    }

    private JsonArray ReadList(JsonTypeInfo type, IConfigurationSection section, string path)
    {
        // A single value stands for a list of one.
        var children = section.GetChildren().ToList();
        var items = children.Count == 0 && !string.IsNullOrEmpty(section.Value) ? [section] : children;
        return [.. items.Select(item => Read(type.ElementType!, item, item == section ? path : Join(path, item.Key), null))];
    }

    private JsonValue? ReadScalar(Type type, IConfigurationSection section, string path, ICustomAttributeProvider? attributes)
    {
        if (section.GetChildren().Any())
        {
            error(path, $"expected {Expected(type)}, found an object or a list.");
            return null;
        }

        if (section.Value is not { } text)
        {
            return null;
        }

        var none = Has<AllowNoneAttribute>(attributes) && text.Equals("None", StringComparison.OrdinalIgnoreCase);
        return type switch
        {
            _ when type == typeof(string) => JsonValue.Create(text),
            _ when none => type == typeof(TimeSpan) ? JsonValue.Create(Timeout.InfiniteTimeSpan.ToString()) : null,
            _ when type == typeof(TimeSpan) => ReadDuration(text, path, Has<AllowNoneAttribute>(attributes)),
            _ when type == typeof(bool) => bool.TryParse(text, out var value) ? JsonValue.Create(value) : Wrong(type, text, path),
            _ when type.IsEnum => ReadEnum(type, text, path),
            _ => ReadNumber(type, text, path, attributes),
        };
    }

    private JsonValue? ReadDuration(string text, string path, bool allowNone)
    {
        if (
            text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var value)
            && value >= TimeSpan.Zero
            && value <= TimeSpan.FromDays(49)
        )
        {
            return JsonValue.Create(value.ToString("c", CultureInfo.InvariantCulture));
        }

        error(
            path,
            $"'{text}' is no duration; write \"hh:mm:ss\", \"00:00:05\" for five seconds, at most 49 days{(allowNone ? ", or \"None\"" : "")}."
        );
        return null;
    }

    private JsonValue? ReadEnum(Type type, string text, string path)
    {
        var field = Array.Find(
            type.GetFields(BindingFlags.Public | BindingFlags.Static),
            field => field.Name.Equals(text, StringComparison.OrdinalIgnoreCase)
        );
        if (field is null)
        {
            error(
                path,
                $"unknown value '{text}'{Suggestion.For(text, Enum.GetNames(type))} Known: {string.Join(", ", Enum.GetNames(type))}."
            );
            return null;
        }

        if (Has<NotAvailableYetAttribute>(field))
        {
            error(path, $"'{field.Name}' is not available yet.");
            return null;
        }

        return JsonValue.Create(field.Name);
    }

    private JsonValue? ReadNumber(Type type, string text, string path, ICustomAttributeProvider? attributes)
    {
        var (least, most) = type == typeof(int) ? (int.MinValue, int.MaxValue) : (long.MinValue, long.MaxValue);
        if (attributes?.GetCustomAttributes(typeof(RangeAttribute), true).FirstOrDefault() is RangeAttribute range)
        {
            (least, most) = (
                Convert.ToInt64(range.Minimum, CultureInfo.InvariantCulture),
                Convert.ToInt64(range.Maximum, CultureInfo.InvariantCulture)
            );
        }

        if (
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= least
            && value <= most
        )
        {
            return JsonValue.Create(value);
        }

        error(path, $"'{text}' is no whole number from {least} to {most}.");
        return null;
    }

    private bool HasNoValue(IConfigurationSection section, string path, string expected)
    {
        if (string.IsNullOrEmpty(section.Value))
        {
            return true;
        }

        error(path, $"expected {expected}, found '{section.Value}'.");
        return false;
    }

    private JsonValue? Wrong(Type type, string text, string path)
    {
        error(path, $"expected {Expected(type)}, found '{text}'.");
        return null;
    }

    private static string Expected(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(string) ? "a text"
        : type == typeof(TimeSpan) ? "a duration"
        : type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type))
        : "a number";

    private static bool Has<T>(ICustomAttributeProvider? attributes) => attributes?.IsDefined(typeof(T), true) == true;

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}:{key}";
}
