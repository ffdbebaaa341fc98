using System.Text.Json.Nodes;

namespace Proxy.Configuration.Reading;

/// <summary>A key whose values differ between two configurations. Secrets are masked, so only the fact that they differ is shown.</summary>
/// <param name="Path">The configuration path.</param>
/// <param name="Running">The value in the running configuration; null if the key is not set.</param>
/// <param name="Other">The value in the other one; null if the key is not set.</param>
public sealed record ConfigDifference(string Path, JsonNode? Running, JsonNode? Other)
{
    /// <summary>Compares two configurations key by key; lists are compared as a whole.</summary>
    internal static IReadOnlyList<ConfigDifference> Between(JsonObject running, JsonObject other, SecretPlace root) =>
        [.. Between("", running, other, root)];

    private static IEnumerable<ConfigDifference> Between(string path, JsonNode? running, JsonNode? other, SecretPlace place)
    {
        if (running is JsonObject or null && other is JsonObject or null && !(running is null && other is null))
        {
            var (left, right) = (ByKey(running), ByKey(other));
            return left
                .Keys.Union(right.Keys, StringComparer.OrdinalIgnoreCase)
                .Order(StringComparer.OrdinalIgnoreCase)
                .SelectMany(key =>
                    Between(
                        path.Length == 0 ? key : $"{path}:{key}",
                        left.GetValueOrDefault(key),
                        right.GetValueOrDefault(key),
                        place.Child(key)
                    )
                );
        }

        return JsonNode.DeepEquals(running, other) ? [] : [new(path, SecretMask.Apply(running, place), SecretMask.Apply(other, place))];
    }

    // For keys of different case, JsonObject searches all keys.
    private static Dictionary<string, JsonNode?> ByKey(JsonNode? node)
    {
        var found = new Dictionary<string, JsonNode?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in node as JsonObject ?? [])
        {
            found.TryAdd(key, value);
        }

        return found;
    }
}
