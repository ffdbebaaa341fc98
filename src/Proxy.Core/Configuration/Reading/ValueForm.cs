using System.Text.Json.Nodes;

namespace Proxy.Configuration.Reading;

/// <summary>What is known of the values of a text key, for the schema.</summary>
internal sealed record ValueForm
{
    /// <summary>The values; empty if they are not known.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>A regular expression (ECMA-262) that all values match; null if there is none.</summary>
    public string? Pattern { get; init; }

    /// <summary>Adds the form to the schema of a value.</summary>
    public void AddTo(JsonObject schema)
    {
        if (Pattern is not null)
        {
            schema["pattern"] = Pattern;
        }

        if (Names.Count > 0)
        {
            var names = Names.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase);
            schema["enum"] = new JsonArray([.. names.Select(static name => (JsonNode?)name), null]);
        }
    }
}
