using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Proxy.Configuration;

/// <summary>Turns a JSON document into colon-joined keys, with the line of each.</summary>
internal sealed class JsonFlattener
{
    private static readonly JsonReaderOptions _options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly byte[] _content;
    private readonly string _file;
    private int _line = 1;
    private int _counted;

    private JsonFlattener(byte[] content, string file)
    {
        _content = content;
        _file = file;
    }

    public Dictionary<string, string?> Values { get; } = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, int> Lines { get; } = new(StringComparer.OrdinalIgnoreCase);

    public ConfigProblem? Problem { get; private set; }

    public static JsonFlattener Flatten(byte[] content, string file)
    {
        var flattener = new JsonFlattener(content, file);
        try
        {
            flattener.ReadDocument();
        }
        catch (JsonException exception)
        {
            var line = (int?)exception.LineNumber + 1;
            flattener.Problem = new("", "malformed JSON: " + exception.Message.Split(" LineNumber:")[0], file, line);
        }
        catch (InvalidOperationException)
        {
            // Text that is no valid UTF-8 or UTF-16.
            flattener.Problem = new("", "malformed JSON: a text is not valid Unicode.", file, flattener._line);
        }

        return flattener;
    }

    private void ReadDocument()
    {
        var span = _content.AsSpan();
        var reader = new Utf8JsonReader(span.StartsWith(Encoding.UTF8.Preamble) ? span[Encoding.UTF8.Preamble.Length..] : span, _options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Problem = new("", "malformed JSON: a document is an object, { … }.", _file, 1);
            return;
        }

        ReadObject(ref reader, "");
        reader.Read();
    }

    private void ReadObject(ref Utf8JsonReader reader, string path)
    {
        var empty = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            empty = false;
            var key = reader.GetString()!;
            var child = path.Length == 0 ? key : $"{path}:{key}";
            var line = Line(reader.TokenStartIndex);
            if (key.Contains(':', StringComparison.Ordinal))
            {
                Problem ??= new(child, "a key or id must not contain ':'.", _file, line);
            }

            if (!Lines.TryAdd(child, line))
            {
                Problem ??= new(child, $"the key stands twice, first on line {Lines[child]}; case does not tell keys apart.", _file, line);
            }

            reader.Read();
            ReadValue(ref reader, child);
        }

        if (empty && path.Length > 0)
        {
            Values[path] = null;
        }
    }

    private void ReadValue(ref Utf8JsonReader reader, string path)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                ReadObject(ref reader, path);
                break;
            case JsonTokenType.StartArray:
                ReadArray(ref reader, path);
                break;
            case JsonTokenType.String:
                Values[path] = reader.GetString();
                break;
            case JsonTokenType.Null:
                Values[path] = null;
                break;
            default:
                Values[path] = Encoding.UTF8.GetString(reader.ValueSpan);
                break;
        }
    }

    private void ReadArray(ref Utf8JsonReader reader, string path)
    {
        var index = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var child = $"{path}:{index++.ToString(CultureInfo.InvariantCulture)}";
            Lines[child] = Line(reader.TokenStartIndex);
            ReadValue(ref reader, child);
        }

        if (index == 0)
        {
            Values[path] = "";
        }
    }

    private int Line(long position)
    {
        _line += _content.AsSpan(_counted, (int)position - _counted).Count((byte)'\n');
        _counted = (int)position;
        return _line;
    }
}
