using System.Text.Json.Nodes;

namespace Proxy.Host.Cli.Checking;

/// <summary>A configuration of several layers as one document; values are texts, which the reader takes for what they say.</summary>
internal static class MergedDocument
{
    public static JsonNode Of(IConfiguration configuration) => Children(configuration) ?? new JsonObject();

    private static JsonNode? Node(IConfigurationSection section) => Children(section) ?? JsonValue.Create(section.Value);

    private static JsonNode? Children(IConfiguration parent)
    {
        var children = parent.GetChildren().ToList();
        return children.Count == 0 ? null
            : children.TrueForAll(static child => child.Key.All(char.IsAsciiDigit)) && children.Exists(static child => child.Key == "0")
                ? new JsonArray([.. children.Select(Node)])
            : new JsonObject(children.Select(static child => KeyValuePair.Create(child.Key, Node(child))));
    }
}
