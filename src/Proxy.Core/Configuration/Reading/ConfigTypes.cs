using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Proxy.Configuration.Reading;

/// <summary>The type information of the configuration records for System.Text.Json, which the reader and the schema use.</summary>
internal static class ConfigTypes
{
    // Reflection makes attributes anew at each call, and a document of ten thousand routes asks for some hundred thousand.
    private static readonly ConcurrentDictionary<(ICustomAttributeProvider, Type), Attribute?> _attributes = new();

    public static JsonSerializerOptions Options { get; } = CreateOptions();

    public static JsonPropertyInfo? FindProperty(JsonTypeInfo type, string key) =>
        type.Properties.FirstOrDefault(property => string.Equals(property.Name, key, StringComparison.OrdinalIgnoreCase));

    public static Type Bare(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    public static T? Attribute<T>(JsonPropertyInfo? property)
        where T : Attribute => property?.AttributeProvider is { } member ? Attribute<T>(member) : null;

    /// <summary>The least and the greatest number that a range allows.</summary>
    public static (long Least, long Greatest) Limits(RangeAttribute range) =>
        (Convert.ToInt64(range.Minimum, CultureInfo.InvariantCulture), Convert.ToInt64(range.Maximum, CultureInfo.InvariantCulture));

    public static IReadOnlyList<string> NotYet(Type type) => Attribute<NotAvailableYetAttribute>(type)?.Keys ?? [];

    public static bool OthersAddKeys(Type type) => Attribute<OthersAddKeysAttribute>(type) is not null;

    /// <summary>Where a key belongs that the record does not have; null if that is not known.</summary>
    public static string? Elsewhere(Type type, string key) =>
        type.GetCustomAttributes<WrittenElsewhereAttribute>()
            .FirstOrDefault(one => one.Key.Equals(key, StringComparison.OrdinalIgnoreCase))
            ?.Hint;

    public static bool IsAvailable(Type type, string name) => type.GetField(name)?.GetCustomAttribute<NotAvailableYetAttribute>() is null;

    public static bool IsOurs(JsonPropertyInfo? property) =>
        property?.AttributeProvider is MemberInfo member && member.DeclaringType?.Assembly == typeof(ConfigTypes).Assembly;

    private static T? Attribute<T>(ICustomAttributeProvider member)
        where T : Attribute =>
        (T?)
            _attributes.GetOrAdd(
                (member, typeof(T)),
                static key => key.Item1.GetCustomAttributes(key.Item2, inherit: true) is [Attribute found, ..] ? found : null
            );

    private static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions
        {
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
            PropertyNameCaseInsensitive = true,
            Converters = { new JsonStringEnumConverter() },
        };
        options.MakeReadOnly();
        return options;
    }
}
