using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Proxy.Configuration.Reading;

/// <summary>The type information of the configuration records for System.Text.Json, which the reader and the schema use.</summary>
internal static class ConfigTypes
{
    public static JsonSerializerOptions Options { get; } = CreateOptions();

    public static JsonPropertyInfo? FindProperty(JsonTypeInfo type, string key) =>
        type.Properties.FirstOrDefault(property => string.Equals(property.Name, key, StringComparison.OrdinalIgnoreCase));

    public static Type Bare(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    public static T? Attribute<T>(JsonPropertyInfo? property)
        where T : Attribute => property?.AttributeProvider?.GetCustomAttributes(typeof(T), inherit: true) is [T found, ..] ? found : null;

    public static IReadOnlyList<string> NotYet(Type type) => type.GetCustomAttribute<NotAvailableYetAttribute>()?.Keys ?? [];

    public static bool IsAvailable(Type type, string name) => type.GetField(name)?.GetCustomAttribute<NotAvailableYetAttribute>() is null;

    public static bool IsOurs(JsonPropertyInfo? property) =>
        property?.AttributeProvider is MemberInfo member && member.DeclaringType?.Assembly == typeof(ConfigTypes).Assembly;

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
