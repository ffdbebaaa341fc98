using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Proxy.Configuration.Reading;

/// <summary>Reads the merged configuration by the type information of the records, and collects all errors.</summary>
internal sealed class ConfigWalker(ProblemList problems, bool wholeDocument, CancellationToken cancellationToken)
{
    private readonly ScalarReader _scalars = new(problems);

    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public JsonNode? Read(ConfigNode node, JsonTypeInfo type, JsonPropertyInfo? property)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (ConfigTypes.Attribute<FreeContentAttribute>(property) is not null)
        {
            ExpectKeys(node, "an object with keys");
            return ReadFree(node);
        }

        if (type.Kind == JsonTypeInfoKind.Object && IsNone(node, property))
        {
            return None(type);
        }

        return type.Kind switch
        {
            JsonTypeInfoKind.Object => ReadObject(node, type),
            JsonTypeInfoKind.Dictionary => ReadDictionary(node, type, property),
            JsonTypeInfoKind.Enumerable => ReadList(node, type, property),
            _ => _scalars.Read(node, type.Type, property),
        };
    }

    private static JsonNode? ReadFree(ConfigNode node) =>
        node.IsNull ? null
        : !node.HasChildren ? JsonValue.Create(node.Value)
        : node.LooksLikeList ? new JsonArray([.. node.Items().Select(ReadFree)])
        : new JsonObject(Sorted(node).Select(child => KeyValuePair.Create(child.Key, ReadFree(child))));

    // The order of keys has no meaning, and the revision's id must not depend on it.
    private static IEnumerable<ConfigNode> Sorted(ConfigNode node) =>
        node.Children.OrderBy(child => child.Key, StringComparer.OrdinalIgnoreCase);

    // The section as it cannot be written: what is required has the value that no range allows.
    private static JsonObject None(JsonTypeInfo type) =>
        new(
            type.Properties.Where(static property => property.IsRequired)
                .Select(static property =>
                    KeyValuePair.Create(
                        property.Name,
                        Placeholder(ConfigTypes.Options.GetTypeInfo(ConfigTypes.Bare(property.PropertyType)))
                    )
                )
        );

    private static bool IsNone(ConfigNode node, JsonPropertyInfo? property) =>
        !node.HasChildren && Durations.IsNone(node.Value ?? "") && ConfigTypes.Attribute<AllowNoneAttribute>(property) is not null;

    private bool IsAvailable(JsonPropertyInfo property) => !wholeDocument || ConfigTypes.Attribute<NeedsCodeAttribute>(property) is null;

    private void ExpectKeys(ConfigNode node, string expected, JsonTypeInfo? type = null)
    {
        if (node.Value is not null && !node.HasChildren)
        {
            // A secret that was written in place of its section must not appear in a log.
            var secret = type?.Properties.Any(static property => ConfigTypes.Attribute<SecretAttribute>(property) is not null) is true;
            var shown = secret ? SecretMask.Hidden : ScalarReader.Shorten(node.Value);
            problems.Error(node.Path, $"'{shown}' is a value; {expected} is expected here.");
        }
    }

    private JsonObject? ReadObject(ConfigNode node, JsonTypeInfo type)
    {
        var result = new JsonObject();
        ExpectKeys(node, "an object with keys", type);
        CheckKeys(node, type);
        foreach (var property in type.Properties.Where(property => property.Set is not null && IsAvailable(property)))
        {
            var child = node.Find(property.Name);
            var childType = ConfigTypes.Options.GetTypeInfo(ConfigTypes.Bare(property.PropertyType));
            var value = child is null or { IsNull: true } ? null : Read(child, childType, property);
            if (value is null && property.IsRequired)
            {
                // A placeholder is used, so that the rest can be checked.
                value = Placeholder(childType);
                problems.Consequence($"{node.Path}:{property.Name}", "is required and missing.");
            }

            if (value is not null)
            {
                result[property.Name] = value;
            }
        }

        return result;
    }

    private static JsonNode? Placeholder(JsonTypeInfo type) =>
        type.Kind == JsonTypeInfoKind.Enumerable ? new JsonArray()
        : type.Type.IsValueType ? JsonSerializer.SerializeToNode(Activator.CreateInstance(type.Type), type)
        : JsonValue.Create("");

    private void CheckKeys(ConfigNode node, JsonTypeInfo type)
    {
        var notYet = ConfigTypes.NotYet(type.Type);
        foreach (var child in node.Children)
        {
            var property = ConfigTypes.FindProperty(type, child.Key);
            if (notYet.Contains(child.Key, StringComparer.OrdinalIgnoreCase) || (property is not null && !IsAvailable(property)))
            {
                if (child.IsNull)
                {
                    continue; // null means the default
                }

                problems.Error(child.Path, "is not available yet; leave it out.");
            }
            else if (property is null && !ConfigTypes.OthersAddKeys(type.Type))
            {
                CheckUnknown(node, child, type, [.. type.Properties.Select(property => property.Name).Concat(notYet)]);
            }
        }
    }

    private void CheckUnknown(ConfigNode node, ConfigNode child, JsonTypeInfo type, IReadOnlyList<string> known)
    {
        var elsewhere = ConfigTypes.Elsewhere(type.Type, child.Key);
        var meant = elsewhere is null ? DidYouMean.Find(child.Key, known) : null;
        problems.Error(child.Path, elsewhere is null ? $"unknown key{DidYouMean.Suffix(meant)}" : $"unknown key; {elsewhere}");
        if (meant is not null && node.Find(meant) is null)
        {
            problems.Blame($"{node.Path}:{meant}"); // the error says already that it is missing
        }
    }

    private JsonObject ReadDictionary(ConfigNode node, JsonTypeInfo type, JsonPropertyInfo? property)
    {
        var result = new JsonObject();
        ExpectKeys(node, "an object keyed by id");

        var element = ConfigTypes.Options.GetTypeInfo(type.ElementType!);
        foreach (var child in Sorted(node))
        {
            if (child.Key.Length == 0)
            {
                problems.Error(node.Path, "an id must not be empty; name it.");
            }
            else if (Read(child, element, element.Kind == JsonTypeInfoKind.None ? property : null) is { } value)
            {
                result[child.Key] = value;
            }
        }

        return result;
    }

    private static bool IsOne(ConfigNode node, JsonTypeInfo element) =>
        element.Kind == JsonTypeInfoKind.None
            ? node is { HasChildren: false, Value.Length: > 0 }
            : node.IsEmptyObject || (node.HasChildren && !node.LooksLikeList);

    private JsonArray ReadList(ConfigNode node, JsonTypeInfo type, JsonPropertyInfo? property)
    {
        var element = ConfigTypes.Options.GetTypeInfo(type.ElementType!);
        var mayBeOne = ConfigTypes.Attribute<OneOrListAttribute>(property) is not null;
        if (mayBeOne && IsOne(node, element))
        {
            return [element.Kind == JsonTypeInfoKind.None ? _scalars.Read(node, element.Type, property) : Read(node, element, null)];
        }

        if (!node.LooksLikeList)
        {
            var expected =
                mayBeOne && element.Kind != JsonTypeInfoKind.None
                    ? "an object or a list is expected here: { … } or [ … ]."
                    : "a list is expected here: [ … ].";
            problems.Error(node.Path, expected);
            return [];
        }

        var items = node.Items().Select(item => Read(item, element, element.Kind == JsonTypeInfoKind.None ? property : null));
        return [.. items.Where(item => item is not null)];
    }
}
