using System.Text;
using Proxy.Configuration.Reading;

namespace Proxy.Hooks.Processes;

/// <summary>Splits UTF-8 bytes into lines as they arrive. Secrets are masked, lines are cut at a maximum length, and escaped.</summary>
internal sealed class LineSplitter(int maxLength, SecretValues secrets, Action<string> add)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();
    private char[] _characters = [];
    private long _length; // of the line, also of what is not kept

    public void Add(ReadOnlySpan<byte> bytes)
    {
        var needed = Encoding.UTF8.GetMaxCharCount(bytes.Length);
        _characters = _characters.Length < needed ? new char[needed] : _characters;
        ReadOnlySpan<char> rest = _characters.AsSpan(0, _decoder.GetChars(bytes, _characters, flush: false));
        while (rest.IndexOf('\n') is var end and >= 0)
        {
            Append(rest[..end]);
            Finish();
            rest = rest[(end + 1)..];
        }

        Append(rest);
    }

    /// <summary>Emits the last line, which may have no line end.</summary>
    public void End()
    {
        if (_line.Length > 0)
        {
            Finish();
        }
    }

    private void Append(ReadOnlySpan<char> characters)
    {
        // A secret that begins in the part to show is kept to its end, so that it can be found.
        var room = Math.Clamp(maxLength + secrets.Mask.Longest - _line.Length, 0, characters.Length);
        _line.Append(characters[..room]);
        _length += characters.Length;
    }

    private void Finish()
    {
        var line = secrets.Mask.Apply(_line.ToString(), maxLength).AsSpan().TrimEnd('\r');
        var text = Printable.Escape(line, tabs: true);
        add(_length <= maxLength ? text : $"{text}… ({_length - maxLength} more)");
        _line.Clear();
        _length = 0;
    }
}
