using System.Text;
using System.Text.Json;

namespace Proxy.Host.Admin;

/// <summary>Counts what a document holds before it is read.</summary>
internal static class JsonSize
{
    /// <summary>Whether a text has more values than allowed: objects and lists count as what is in them does.</summary>
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
            // Its reader says where the mistake is; more than was counted is not read.
        }

        return count > maxValues;
    }
}
