using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Proxy.Configuration;

/// <summary>Flattens JSON to configuration paths, with the line of each.</summary>
internal ref struct JsonFileParser
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly JsonFileContent _content;
    private Utf8JsonReader _reader;
    private long _counted;
    private int _line;

    private JsonFileParser(ReadOnlySpan<byte> text)
    {
        _text = text;
        _content = new JsonFileContent();
        _line = 1;
        _reader = new Utf8JsonReader(
            text,
            new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip }
        );
    }

    /// <summary>Returns the content, or null and the problem.</summary>
    public static JsonFileContent? Parse(byte[] bytes, string file, out ConfigProblem? problem)
    {
        var text = bytes.AsSpan();
        var parser = new JsonFileParser(text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text);
        try
        {
            problem = parser.ReadRoot() is { } found ? found with { File = file } : null;
            return problem is null ? parser._content : null;
        }
        catch (JsonException exception)
        {
            // The message ends with a line and column that count from 0.
            var message = exception.Message.Split(" LineNumber:")[0];
            problem = new ConfigProblem("", $"is not valid JSON: {message}", file, (int?)exception.LineNumber + 1);
        }
        catch (InvalidOperationException exception)
        {
            // Text that is not UTF-8.
            problem = new ConfigProblem("", $"is not valid JSON: {exception.Message}", file, parser.Line());
        }

        return null;
    }

    private ConfigProblem? ReadRoot()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            return new ConfigProblem("", "the file must be one JSON object: { … }.", Line: Line());
        }

        var problem = ReadObject("");
        if (problem is null)
        {
            // Only space and comments may follow; anything else throws.
            _reader.Read();
        }

        return problem;
    }

    private ConfigProblem? ReadObject(string path)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = _reader.GetString() ?? "";
            var child = path.Length == 0 ? key : $"{path}:{key}";
            var problem =
                child.Length == 0 ? new ConfigProblem("", "a section's name must not be empty.", Line: Line())
                : key.Contains(':', StringComparison.Ordinal)
                    ? new ConfigProblem(child, "the key contains ':'; choose one without.", Line: Line())
                : !seen.TryAdd(key, key)
                    ? new ConfigProblem(child, $"the key is there twice ('{seen[key]}' and '{key}'; keys ignore case).", Line: Line())
                : null;
            _content.Lines[child] = Line();
            if (problem is not null)
            {
                return problem;
            }

            _reader.Read();
            if (ReadValue(child) is { } inner)
            {
                return inner;
            }
        }

        if (seen.Count == 0 && path.Length > 0)
        {
            _content.Values[path] = null;
            _content.EmptyObjects.Add(path);
        }

        return null;
    }

    private ConfigProblem? ReadList(string path)
    {
        var index = 0;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            var child = string.Create(CultureInfo.InvariantCulture, $"{path}:{index++}");
            _content.Lines[child] = Line();
            if (ReadValue(child) is { } problem)
            {
                return problem;
            }
        }

        if (index == 0)
        {
            _content.Values[path] = "";
        }

        return null;
    }

    private ConfigProblem? ReadValue(string path)
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(path);
            case JsonTokenType.StartArray:
                return ReadList(path);
            case JsonTokenType.String:
                _content.Values[path] = _reader.GetString();
                return null;
            case JsonTokenType.Null:
                _content.Values[path] = null;
                return null;
            default:
                _content.Values[path] = Encoding.UTF8.GetString(_reader.ValueSpan);
                return null;
        }
    }

    private int Line()
    {
        var start = _reader.TokenStartIndex;
        if (start > _counted)
        {
            _line += _text[(int)_counted..(int)start].Count((byte)'\n');
            _counted = start;
        }

        return _line;
    }
}
