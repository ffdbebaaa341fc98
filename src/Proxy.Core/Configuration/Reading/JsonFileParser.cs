using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Proxy.Configuration.Reading;

/// <summary>Flattens JSON to configuration paths, with the line of each.</summary>
internal ref struct JsonFileParser
{
    /// <summary>The most parts of a path. JSON itself may be as deep; a key contains colons only by mistake.</summary>
    public const int MaxParts = 64;

    /// <summary>The most characters of a path, since every path below a key repeats it.</summary>
    public const int MaxPath = 1024;

    private readonly ReadOnlySpan<byte> _text;
    private readonly JsonFileContent _content;
    private readonly List<ConfigProblem> _problems = [];
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

    /// <summary>
    /// Returns the content, or null if it is not a JSON object, and all problems. Content with problems can be checked, but not run.
    /// </summary>
    public static JsonFileContent? Parse(byte[] bytes, string file, out IReadOnlyList<ConfigProblem> problems)
    {
        var text = bytes.AsSpan();
        var parser = new JsonFileParser(text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text);
        var whole = false;
        try
        {
            whole = parser.ReadRoot();
        }
        catch (JsonException exception)
        {
            // The message ends with a line and column counted from 0, which are removed.
            var message = exception.Message.Split(" LineNumber:")[0];
            parser._problems.Add(new ConfigProblem("", $"is not valid JSON: {message}", Line: (int?)exception.LineNumber + 1));
        }
        catch (InvalidOperationException exception)
        {
            // The text is not UTF-8.
            parser._problems.Add(new ConfigProblem("", $"is not valid JSON: {exception.Message}", Line: parser.Line()));
        }

        problems = [.. parser._problems.Select(problem => problem with { File = file })];
        return whole ? parser._content : null;
    }

    private bool ReadRoot()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            _problems.Add(new ConfigProblem("", "the document must be one JSON object; write { … }.", Line: Line()));
            return false;
        }

        ReadObject("");
        // Only white space and comments may follow; otherwise this throws.
        _reader.Read();
        return true;
    }

    private void ReadObject(string path)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = _reader.GetString() ?? "";
            if (TooLong(path, key) is { } tooLong)
            {
                _problems.Add(new ConfigProblem(path, tooLong, Line: Line()));
                _reader.Skip();
                continue;
            }

            var child = path.Length == 0 ? key : $"{path}:{key}";
            var twice = !seen.TryAdd(key, key);
            _content.Lines[child] = Line();
            if (child.Length == 0 || key.Contains(':', StringComparison.Ordinal))
            {
                // Content below such a key has no path.
                var message = child.Length == 0 ? "a key must not be empty; name it." : "the key contains ':'; choose one without.";
                _problems.Add(new ConfigProblem(child, message, Line: Line()));
                _reader.Skip();
                continue;
            }

            if (twice)
            {
                var message = $"the key occurs twice ('{seen[key]}' and '{key}'; keys ignore case); remove one of them.";
                _problems.Add(new ConfigProblem(child, message, Line: Line()));
            }

            _reader.Read();
            ReadValue(child);
        }

        if (seen.Count == 0 && path.Length > 0)
        {
            _content.Values[path] = null;
            _content.EmptyObjects.Add(path);
        }
    }

    private static string? TooLong(string path, string key) =>
        key.AsSpan().Count(':') >= MaxParts ? $"a key here has more than {MaxParts} parts; choose one without ':'."
        : path.Length + key.Length + 1 > MaxPath ? $"a key here makes a path of more than {MaxPath} characters; choose a shorter one."
        : null;

    private void ReadList(string path)
    {
        var index = 0;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            var child = string.Create(CultureInfo.InvariantCulture, $"{path}:{index++}");
            _content.Lines[child] = Line();
            ReadValue(child);
        }

        if (index == 0)
        {
            _content.Values[path] = "";
        }
    }

    private void ReadValue(string path)
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                ReadObject(path);
                break;
            case JsonTokenType.StartArray:
                ReadList(path);
                break;
            case JsonTokenType.String:
                _content.Values[path] = _reader.GetString();
                break;
            case JsonTokenType.Null:
                _content.Values[path] = null;
                break;
            default:
                _content.Values[path] = Encoding.UTF8.GetString(_reader.ValueSpan);
                break;
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
