using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Proxy.Configuration;

/// <summary>Shows configuration without its secrets.</summary>
internal static partial class SecretMask
{
    public const string Hidden = "***";

    /// <summary>A copy of a part of a document.</summary>
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

    /// <summary>A text without the user and the query of URLs in it.</summary>
    public static string Apply(string text) =>
        text.Contains("://", StringComparison.Ordinal) ? Query().Replace(User().Replace(text, $"://{Hidden}@"), $"$1{Hidden}") : text;

    // A password may have an @ too: the last one before the path counts.
    [GeneratedRegex(@"://[^/?#\s'""]*@", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex User();

    [GeneratedRegex(@"(://[^\s'""?#]*\?)[^\s'""#]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Query();
}
