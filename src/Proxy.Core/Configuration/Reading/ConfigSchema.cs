using System.ComponentModel.DataAnnotations;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Proxy.Configuration.Reading;

/// <summary>Generates the JSON schema of the configuration, from the type information that the reader uses.</summary>
internal static class ConfigSchema
{
    private static readonly JsonSerializerOptions _format = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Generates the schema's text.</summary>
    /// <param name="root">The type of the whole document.</param>
    /// <param name="title">The title of the schema.</param>
    public static string Generate(JsonTypeInfo root, string title)
    {
        var documentation = XmlDocumentation.Load();
        var schema = new JsonObject { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["title"] = title };
        foreach (var (key, value) in OfObject(root, documentation))
        {
            schema[key] = value?.DeepClone();
        }

        return schema.ToJsonString(_format) + "\n";
    }

    private static JsonObject OfProperty(JsonPropertyInfo property, XmlDocumentation documentation)
    {
        var schema = new JsonObject();
        if (documentation.SummaryOf(property) is { } summary)
        {
            schema["description"] = summary;
        }

        var type = ConfigTypes.Options.GetTypeInfo(ConfigTypes.Bare(property.PropertyType));
        foreach (var (key, value) in OfType(type, property, documentation))
        {
            schema[key] = value?.DeepClone();
        }

        return schema;
    }

    private static JsonObject OfType(JsonTypeInfo type, JsonPropertyInfo? property, XmlDocumentation documentation)
    {
        if (ConfigTypes.Attribute<ForeignContentAttribute>(property) is not null)
        {
            return new JsonObject { ["type"] = new JsonArray("object", "null") };
        }

        if (type.Kind == JsonTypeInfoKind.Object)
        {
            return OfObject(type, documentation);
        }

        if (type.Kind == JsonTypeInfoKind.None)
        {
            return OfScalar(type.Type, property);
        }

        var element = OfType(ConfigTypes.Options.GetTypeInfo(type.ElementType!), null, documentation);
        if (type.Kind == JsonTypeInfoKind.Dictionary)
        {
            return new JsonObject { ["type"] = new JsonArray("object", "null"), ["additionalProperties"] = element };
        }

        var single = ConfigTypes.Attribute<StringOrListAttribute>(property) is not null;
        var types = single ? new JsonArray("array", "string") : new JsonArray("array", "null");
        return new JsonObject { ["type"] = types, ["items"] = element };
    }

    private static JsonObject OfObject(JsonTypeInfo type, XmlDocumentation documentation)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var property in type.Properties.Where(IsAvailable))
        {
            properties[property.Name] = OfProperty(property, documentation);
            if (property.IsRequired)
            {
                required.Add(property.Name);
            }
        }

        var schema = new JsonObject { ["type"] = new JsonArray("object", "null"), ["properties"] = properties };
        if (required.Count > 0)
        {
            schema["required"] = required;
        }

        schema["additionalProperties"] = type.Type.IsDefined(typeof(OthersAddKeysAttribute), inherit: false);
        return schema;
    }

    // The schema is for whole documents, which have no keys that need code.
    private static bool IsAvailable(JsonPropertyInfo property) =>
        property.Set is not null && ConfigTypes.Attribute<NeedsCodeAttribute>(property) is null;

    private static JsonObject OfScalar(Type type, JsonPropertyInfo? property)
    {
        if (ConfigTypes.Attribute<OnlyAvailableAttribute>(property) is { } only)
        {
            var value = type == typeof(string) ? JsonValue.Create(only.Value) : JsonNode.Parse(only.Value);
            return new JsonObject { ["enum"] = new JsonArray(value, null) };
        }

        if (type == typeof(TimeSpan))
        {
            var pattern = ConfigTypes.Attribute<AllowNoneAttribute>(property) is null ? Durations.Pattern : $"{Durations.Pattern}|^None$";
            return new JsonObject { ["type"] = new JsonArray("string", "null"), ["pattern"] = pattern };
        }

        if (type.IsEnum)
        {
            return OfEnum(type);
        }

        var name =
            type == typeof(bool) ? "boolean"
            : type == typeof(double) ? "number"
            : type.IsPrimitive ? "integer"
            : "string";
        var schema = new JsonObject { ["type"] = property is { IsRequired: true } ? name : new JsonArray(name, "null") };
        if (ConfigTypes.Attribute<RangeAttribute>(property) is { } range)
        {
            schema["minimum"] = (int)range.Minimum;
            schema["maximum"] = (int)range.Maximum;
        }

        return type == typeof(int) && ConfigTypes.Attribute<AllowNoneAttribute>(property) is not null
            ? new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["const"] = "None" }) }
            : schema;
    }

    private static JsonObject OfEnum(Type type)
    {
        var names = Enum.GetNames(type).Where(name => ConfigTypes.IsAvailable(type, name)).Select(name => (JsonNode?)name);
        var values = new JsonObject { ["enum"] = new JsonArray([.. names, null]) };
        return type.IsDefined(typeof(FlagsAttribute), false)
            ? new JsonObject { ["type"] = new JsonArray("array", "null"), ["items"] = values }
            : values;
    }
}
