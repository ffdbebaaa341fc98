using System.Text.Json;
using System.Text.Json.Nodes;

namespace Proxy.Configuration.Reading;

/// <summary>Masks the secrets of a configuration.</summary>
internal static class SecretMask
{
    public const string Hidden = "***";

    // A longer text is not searched for the parts between its secrets.
    private const int MaxText = 4096;

    /// <summary>A copy of a part of a document, with secrets masked.</summary>
    public static JsonNode? Apply(JsonNode? node, SecretPlace place) =>
        node switch
        {
            null => null,
            JsonObject many => new JsonObject(many.Select(pair => KeyValuePair.Create(pair.Key, Apply(pair.Value, place.Child(pair.Key))))),
            JsonArray list => new JsonArray([.. list.Select((item, index) => Apply(item, place.Child($"{index}")))]),
            _ when place.IsHidden => Hidden,
            _ when node.GetValueKind() == JsonValueKind.String => Apply(node.GetValue<string>()),
            _ => node.DeepClone(),
        };

    /// <summary>A text with user and query of addresses masked; masked as a whole if it is long and has some.</summary>
    public static string Apply(string text)
    {
        if (!text.Contains('@', StringComparison.Ordinal) && !text.Contains("://", StringComparison.Ordinal))
        {
            return text;
        }

        var shown = UrlMask.Apply(text);
        return text.Length > MaxText && shown != text ? Hidden : shown;
    }
}
