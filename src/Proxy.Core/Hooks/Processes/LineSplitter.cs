using System.Text;
using Proxy.Configuration.Reading;

namespace Proxy.Hooks.Processes;

/// <summary>Splits UTF-8 bytes into lines as they arrive. Lines are cut at a maximum length, and escaped.</summary>
internal sealed class LineSplitter(int maxLength, Action<string> add)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();
    private char[] _characters = [];
    private long _cut;

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
        var room = Math.Min(characters.Length, maxLength - _line.Length);
        _line.Append(characters[..room]);
        _cut += characters.Length - room;
    }

    private void Finish()
    {
        var line = _line.ToString().AsSpan().TrimEnd('\r');
        var text = Printable.Escape(line, tabs: true);
        add(_cut == 0 ? text : $"{text}… ({_cut} more)");
        _line.Clear();
        _cut = 0;
    }
}
