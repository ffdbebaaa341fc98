using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Proxy.Configuration.Reading;

/// <summary>
/// The secrets of the running configuration and of earlier ones, which are masked in what programs print. Safe for use by several threads.
/// </summary>
internal sealed class SecretValues
{
    /// <summary>
    /// How many values of earlier configurations are remembered at least: programs that run for long may still print them after many edits.
    /// </summary>
    public const int Remembered = 1000;

    /// <summary>The length in characters from which a value is masked: shorter ones, such as "true", also stand where nothing is secret.</summary>
    public const int Shortest = 6;

    private readonly IReadOnlyList<string> _always;
    private IReadOnlyList<string> _running = [];
    private IReadOnlyList<string> _earlier = []; // the latest first
    private volatile TextMask _mask;

    /// <param name="always">Secrets from elsewhere.</param>
    public SecretValues(IEnumerable<string>? always = null)
    {
        _always = [.. Maskable(always ?? [])];
        _mask = new TextMask(_always);
    }

    /// <summary>The mask of the secrets in use.</summary>
    public TextMask Mask => _mask;

    /// <summary>Takes over the secrets of a revision. Not thread-safe: one caller at a time.</summary>
    /// <param name="values">What <see cref="Find"/> has found.</param>
    public void Use(IReadOnlyList<string> values)
    {
        var former = _running.Except(values, StringComparer.Ordinal).ToList(); // all of the last edit's, however many they are
        _earlier =
        [
            .. former
                .Concat(_earlier.Except(values, StringComparer.Ordinal))
                .Distinct(StringComparer.Ordinal)
                .Take(Math.Max(Remembered, former.Count)),
        ];
        _running = values;
        _mask = new TextMask(_always.Concat(_running).Concat(_earlier));
    }

    /// <summary>Creates one that masks the credentials of telemetry exporters, which are in variables of this process.</summary>
    public static SecretValues OfProcess() =>
        new(
            TelemetryVariables.Secrets(
                Environment
                    .GetEnvironmentVariables()
                    .Cast<DictionaryEntry>()
                    .Select(static variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value ?? ""))
            )
        );

    /// <summary>The secrets of a document that are long enough to be masked, in lines; user, password and query of addresses included.</summary>
    /// <param name="document">The document.</param>
    /// <param name="place">Its root.</param>
    public static IReadOnlyList<string> Find(JsonNode document, SecretPlace place) => [.. Maskable(All(document, place))];

    private static IEnumerable<string> Maskable(IEnumerable<string> values) =>
        values
            .SelectMany(static value => value.Split('\n', StringSplitOptions.TrimEntries))
            .Where(static value => value.Length >= Shortest)
            .SelectMany(Written)
            .Distinct(StringComparer.Ordinal);

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
