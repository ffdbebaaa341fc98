using System.Text.Json.Nodes;

namespace Proxy.Configuration;

/// <summary>A key that two configurations do not agree on. Secrets are masked: that they differ is all one learns.</summary>
/// <param name="Path">The configuration path.</param>
/// <param name="Running">The value that runs; null when the key is not set.</param>
/// <param name="Other">The other value; null when the key is not set.</param>
public sealed record ConfigurationDifference(string Path, JsonNode? Running, JsonNode? Other)
{
    /// <summary>Compares key by key; lists are compared as a whole.</summary>
    internal static IReadOnlyList<ConfigurationDifference> Between(JsonObject running, JsonObject other) =>
        [.. Between("", running, other, SecretPlace.Root)];

    private static IEnumerable<ConfigurationDifference> Between(string path, JsonNode? running, JsonNode? other, SecretPlace place)
    {
        if (running is JsonObject or null && other is JsonObject or null && !(running is null && other is null))
        {
            var (left, right) = (running as JsonObject ?? [], other as JsonObject ?? []);
            var keys = left.Concat(right).Select(static pair => pair.Key).Distinct(StringComparer.OrdinalIgnoreCase);
            return keys.Order(StringComparer.OrdinalIgnoreCase)
                .SelectMany(key => Between(path.Length == 0 ? key : $"{path}:{key}", Find(left, key), Find(right, key), place.Child(key)));
        }

        return JsonNode.DeepEquals(running, other) ? [] : [new(path, SecretMask.Apply(running, place), SecretMask.Apply(other, place))];
    }

    private static JsonNode? Find(JsonObject node, string key) =>
        node.FirstOrDefault(pair => pair.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Value;
}
