using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Proxy.Configuration;

namespace Proxy.Host.Cli.Checking;

/// <summary>Merges all layers of a configuration into one JSON document. Its values are strings, which the reader of the host converts.</summary>
internal static class MergedDocument
{
    public static JsonNode Of(IConfiguration configuration) => Children(configuration, typeof(ProxyConfig)) ?? new JsonObject();

    private static JsonNode? Node(IConfigurationSection section, Type? type) => Children(section, type) ?? JsonValue.Create(section.Value);

    private static JsonNode? Children(IConfiguration parent, Type? type)
    {
        var children = parent.GetChildren().ToList();
        return children.Count == 0 ? null
            : IsList(children, type) ? new JsonArray([.. children.Select(child => Node(child, Child(type, child.Key)))])
            : new JsonObject(children.Select(child => KeyValuePair.Create(child.Key, Node(child, Child(type, child.Key)))));
    }

    // Keys 0, 1, 2 ... look like a list, but may be ids. The type of the configuration record decides, if it has the key.
    private static bool IsList(List<IConfigurationSection> children, Type? type) =>
        !IsKeyed(type)
        && Enumerable
            .Range(0, children.Count)
            .Select(static index => index.ToString(CultureInfo.InvariantCulture))
            .ToHashSet()
            .SetEquals(children.Select(static child => child.Key));

    private static bool IsKeyed(Type? type) =>
        type is not null && (Of(type, typeof(IReadOnlyDictionary<,>)) is not null || (type.IsClass && Element(type) is null));

    private static Type? Child(Type? type, string key)
    {
        const BindingFlags Properties = BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase;
        return type is null ? null : Element(type) ?? type.GetProperty(key, Properties)?.PropertyType;
    }

    private static Type? Element(Type type) =>
        type == typeof(string) ? null
        : Of(type, typeof(IReadOnlyDictionary<,>)) is [_, var value] ? value
        : Of(type, typeof(IEnumerable<>)) is [var item] ? item
        : null;

    private static Type[]? Of(Type type, Type definition) =>
        type.GetInterfaces()
            .Append(type)
            .FirstOrDefault(candidate => candidate.IsGenericType && candidate.GetGenericTypeDefinition() == definition)
            ?.GetGenericArguments();
}
