using System.ComponentModel.DataAnnotations;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
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
    /// <param name="formOf">Provides what is known of the values of a key; null for nothing.</param>
    public static string Generate(JsonTypeInfo root, string title, Func<JsonPropertyInfo, ValueForm?> formOf)
    {
        var documentation = new XmlDocumentation();
        var exporter = new JsonSchemaExporterOptions
        {
            TransformSchemaNode = (context, node) => Shape(context, node, documentation, formOf),
        };
        var schema = new JsonObject { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["title"] = title };
        Append(schema, root.GetJsonSchemaAsNode(exporter));
        return schema.ToJsonString(_format) + "\n";
    }

    // The exporter walks the types. What is put in here is what users may write, which is not all that the types would take, and sometimes more.
    private static JsonObject Shape(
        JsonSchemaExporterContext context,
        JsonNode node,
        XmlDocumentation documentation,
        Func<JsonPropertyInfo, ValueForm?> formOf
    )
    {
        var property = context.PropertyInfo;
        var schema = new JsonObject();
        if (property is not null && documentation.SummaryOf(property) is { } summary)
        {
            schema["description"] = summary;
        }

        Append(schema, Shape(context.TypeInfo, property, node));
        if (property is not null && formOf(property) is { } form)
        {
            AddForm(schema, form);
        }

        return schema;
    }

    // The form of a list is that of its items, and of the one item that may stand in its place: a pattern concerns texts only.
    private static void AddForm(JsonObject schema, ValueForm form)
    {
        if (schema["items"] is not JsonObject items)
        {
            form.AddTo(schema);
            return;
        }

        form.AddTo(items);
        (form with { Names = [] }).AddTo(schema);
    }

    private static JsonNode Shape(JsonTypeInfo type, JsonPropertyInfo? property, JsonNode node)
    {
        if (ConfigTypes.Attribute<FreeContentAttribute>(property) is not null)
        {
            return new JsonObject { ["type"] = new JsonArray("object", "null") };
        }

        if (type.Kind == JsonTypeInfoKind.None)
        {
            return OfScalar(ConfigTypes.Bare(type.Type), property);
        }

        if (node["$ref"] is not null)
        {
            return node; // a type that the exporter has met before
        }

        node["type"] = type.Kind switch
        {
            JsonTypeInfoKind.Enumerable when ConfigTypes.Attribute<OneOrListAttribute>(property) is not null => OneOrList(node),
            JsonTypeInfoKind.Enumerable => new JsonArray("array", "null"),
            _ => new JsonArray("object", "null"),
        };
        if (type.Kind == JsonTypeInfoKind.Object)
        {
            foreach (var absent in type.Properties.Where(static property => !IsAvailable(property)))
            {
                node["properties"]!.AsObject().Remove(absent.Name);
            }

            node["additionalProperties"] = type.Type.IsDefined(typeof(OthersAddKeysAttribute), inherit: false);
        }

        return type.Kind == JsonTypeInfoKind.Object && ConfigTypes.Attribute<AllowNoneAttribute>(property) is not null
            ? new JsonObject { ["anyOf"] = new JsonArray(node, new JsonObject { ["const"] = "None" }) }
            : node;
    }

    // An object in place of the list has the keys of its items: keywords for objects do not apply to lists.
    private static JsonArray OneOrList(JsonNode list)
    {
        if (list["items"] is not JsonObject { } item || item["properties"] is null)
        {
            return new JsonArray("array", "string");
        }

        foreach (var key in (string[])["properties", "additionalProperties"])
        {
            list[key] = item[key]!.DeepClone();
        }

        return new JsonArray("array", "object", "null");
    }

    private static JsonObject Append(JsonObject schema, JsonNode more)
    {
        foreach (var (key, value) in more.AsObject().ToList())
        {
            more.AsObject().Remove(key);
            schema[key] = value;
        }

        return schema;
    }

    // The schema is for whole documents, which have no keys that need code.
    private static bool IsAvailable(JsonPropertyInfo property) =>
        property.Set is not null && ConfigTypes.Attribute<NeedsCodeAttribute>(property) is null;

    private static JsonObject OfScalar(Type type, JsonPropertyInfo? property)
    {
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
            (schema["minimum"], schema["maximum"]) = ConfigTypes.Limits(range);
        }
        else if (type == typeof(int))
        {
            (schema["minimum"], schema["maximum"]) = (int.MinValue, int.MaxValue);
        }

        return type.IsPrimitive && ConfigTypes.Attribute<AllowNoneAttribute>(property) is not null
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
