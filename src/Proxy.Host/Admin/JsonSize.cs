using System.Text;
using System.Text.Json;

namespace Proxy.Host.Admin;

/// <summary>Counts the values of a JSON document before it is deserialized.</summary>
internal static class JsonSize
{
    /// <summary>Whether a JSON text has more values than allowed. An object or array counts as one value, as does each value in it.</summary>
    public static bool IsAbove(ReadOnlySpan<byte> text, int maxValues)
    {
        var json = text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text;
        var reader = new Utf8JsonReader(json, new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        var count = 0;
        try
        {
            while (count <= maxValues && reader.Read())
            {
                count += reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.EndObject or JsonTokenType.EndArray ? 0 : 1;
            }
        }
        catch (JsonException)
        {
            // The configuration reader reports the syntax error later; it does not read beyond it either.
        }

        return count > maxValues;
    }
}
