using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Proxy.Configuration.Reading;

/// <summary>The secrets of the running configuration, which are masked in what programs print. Safe for use by several threads.</summary>
internal sealed class SecretValues
{
    /// <summary>The length in characters from which a value is masked: shorter ones, such as "true", also stand where nothing is secret.</summary>
    public const int Shortest = 6;

    private IReadOnlyList<string> _running = [];
    private volatile TextMask _mask = TextMask.None;

    /// <summary>The mask of the secrets in use.</summary>
    public TextMask Mask => _mask;

    /// <summary>Takes over the secrets of a revision. Not thread-safe: one caller at a time.</summary>
    /// <param name="values">What <see cref="Find"/> has found.</param>
    public void Use(IReadOnlyList<string> values)
    {
        // Programs that were started before the edit may still print the earlier ones.
        _mask = new TextMask(values.Concat(_running));
        _running = values;
    }

    /// <summary>The secrets of a document that are long enough to be masked, in lines; user, password and query of addresses included.</summary>
    /// <param name="document">The document.</param>
    /// <param name="place">Its root.</param>
    public static IReadOnlyList<string> Find(JsonNode document, SecretPlace place) =>
        [
            .. All(document, place)
                .SelectMany(static value => value.Split('\n', StringSplitOptions.TrimEntries))
                .Where(static value => value.Length >= Shortest)
                .SelectMany(Written)
                .Distinct(StringComparer.Ordinal),
        ];

    // As it is, and in the ways in which a file has it as JSON, which a program may print.
    private static IEnumerable<string> Written(string value)
    {
        var escaped = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value);
        var ascii = string.Concat(escaped.Select(static letter => char.IsAscii(letter) ? $"{letter}" : $"\\u{(int)letter:x4}"));
        return [value, escaped, ascii, escaped.Replace("/", "\\/", StringComparison.Ordinal), JavaScriptEncoder.Default.Encode(value)];
    }

    private static IEnumerable<string> All(JsonNode? node, SecretPlace place) =>
        node switch
        {
            null => [],
            JsonObject many => many.SelectMany(pair => All(pair.Value, place.Child(pair.Key))),
            JsonArray list => list.SelectMany((item, index) => All(item, place.Child($"{index}"))),
            _ when place.IsHidden => [node.ToString()],
            _ when node.GetValueKind() == JsonValueKind.String => OfAddress(node.GetValue<string>()),
            _ => [],
        };

    private static IEnumerable<string> OfAddress(string text)
    {
        if (!text.Contains("://", StringComparison.Ordinal) || !Uri.TryCreate(text, UriKind.Absolute, out var uri))
        {
            return [];
        }

        var user = uri.UserInfo.Split(':', 2);
        var query = uri.Query.TrimStart('?').Split('&').Select(static part => part[(part.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        return query.Append(user[^1]).SelectMany(static part => (string[])[part, Uri.UnescapeDataString(part)]);
    }
}
