using System.Text;
using System.Text.Json;

namespace Proxy.Configuration.Reading;

/// <summary>The text of a configuration file, line by line, with secrets masked and without comments, which may contain secrets.</summary>
internal ref struct SecretText
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly StringBuilder _shown = new();
    private readonly Stack<(SecretPlace Place, int Index)> _parents = new();
    private Utf8JsonReader _reader;
    private SecretPlace _place;
    private int _copied;

    private SecretText(ReadOnlySpan<byte> text, SecretPlace root)
    {
        _text = text;
        _place = root;
        _reader = new Utf8JsonReader(
            text,
            new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Allow }
        );
    }

    /// <summary>Returns the text; null if it is not valid JSON, since secrets cannot be found then.</summary>
    /// <param name="bytes">The content of the file.</param>
    /// <param name="root">The root of the places of secrets.</param>
    public static string? Mask(byte[] bytes, SecretPlace root)
    {
        var text = bytes.AsSpan();
        var mask = new SecretText(text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text, root);
        try
        {
            return mask.Read();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private string Read()
    {
        while (_reader.Read())
        {
            switch (_reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    Enter(_reader.TokenType == JsonTokenType.StartArray);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    _place = _parents.Pop().Place;
                    break;
                case JsonTokenType.PropertyName:
                    _place = _parents.Peek().Place.Child(_reader.GetString()!);
                    break;
                case JsonTokenType.Comment:
                    Replace(Comment());
                    break;
                default:
                    Value();
                    break;
            }
        }

        return Copy(_text.Length).ToString();
    }

    // All values of a list have the place of the list's elements.
    private void Enter(bool list)
    {
        Next();
        _parents.Push((_place, list ? 0 : -1));
    }

    private void Next()
    {
        if (_parents.TryPeek(out var parent) && parent.Index >= 0)
        {
            _place = parent.Place.Child("0");
        }
    }

    private void Value()
    {
        Next();
        if (_place.IsHidden && _reader.TokenType != JsonTokenType.Null)
        {
            Replace($"\"{SecretMask.Hidden}\"");
        }
        else if (_reader.TokenType == JsonTokenType.String)
        {
            Show(_reader.GetString() ?? "");
        }
    }

    private void Show(string text)
    {
        var shown = SecretMask.Apply(text);
        if (shown != text)
        {
            Replace(JsonSerializer.Serialize(shown));
        }
    }

    private readonly string Comment()
    {
        var lines = _reader.ValueSpan.Count((byte)'\n');
        return _text[(int)_reader.TokenStartIndex + 1] == (byte)'/' ? "// …" : $"/* …{new string('\n', lines)} */";
    }

    private void Replace(string shown)
    {
        Copy((int)_reader.TokenStartIndex).Append(shown);
        _copied = (int)_reader.TokenStartIndex + Length();
    }

    private readonly int Length() =>
        _reader.TokenType switch
        {
            JsonTokenType.String => _reader.ValueSpan.Length + 2,
            JsonTokenType.Comment when _text[(int)_reader.TokenStartIndex + 1] == (byte)'/' => _reader.ValueSpan.Length + 2,
            JsonTokenType.Comment => _reader.ValueSpan.Length + 4,
            _ => _reader.ValueSpan.Length,
        };

    private StringBuilder Copy(int end)
    {
        _shown.Append(Encoding.UTF8.GetString(_text[_copied..end]));
        _copied = end;
        return _shown;
    }
}
