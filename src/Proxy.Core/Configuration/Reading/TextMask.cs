using System.Buffers;
using System.Text;

namespace Proxy.Configuration.Reading;

/// <summary>Hides given values wherever they stand in a text. Immutable.</summary>
internal sealed class TextMask
{
    private readonly string[] _values; // longest first
    private readonly SearchValues<string> _search;

    /// <param name="values">The values to hide; upper and lower case differ.</param>
    public TextMask(IEnumerable<string> values)
    {
        _values = [.. values.Distinct(StringComparer.Ordinal).OrderByDescending(static value => value.Length)];
        _search = SearchValues.Create(_values, StringComparison.Ordinal);
    }

    /// <summary>A mask that hides nothing.</summary>
    public static TextMask None { get; } = new([]);

    /// <summary>The length in characters of the longest value; zero if there is none.</summary>
    public int Longest => _values is [var longest, ..] ? longest.Length : 0;

    /// <summary>Masks the start of a text. A value that begins in it and ends after it is hidden as a whole.</summary>
    /// <param name="text">The text, with at least <see cref="Longest"/> characters after the part to show if it is longer than that.</param>
    /// <param name="length">The number of characters to show at most.</param>
    public string Apply(ReadOnlySpan<char> text, int length)
    {
        var shown = new StringBuilder();
        var end = Math.Min(length, text.Length);
        var at = 0;
        while (at < end && Next(text, at) is (var start, var after) && start < end)
        {
            shown.Append(text[at..start]).Append(SecretMask.Hidden);
            at = after;
        }

        return shown.Append(at < end ? text[at..end] : []).ToString();
    }

    // Values may overlap, and no part of any is shown.
    private (int Start, int After)? Next(ReadOnlySpan<char> text, int from)
    {
        var start = IndexOf(text, from);
        if (start < 0)
        {
            return null;
        }

        var after = start + LengthAt(text, start);
        for (var next = IndexOf(text, start + 1); next >= 0 && next < after; next = IndexOf(text, next + 1))
        {
            after = Math.Max(after, next + LengthAt(text, next));
        }

        return (start, after);
    }

    private int IndexOf(ReadOnlySpan<char> text, int from) => text[from..].IndexOfAny(_search) is var at and >= 0 ? from + at : -1;

    private int LengthAt(ReadOnlySpan<char> text, int at)
    {
        foreach (var value in _values)
        {
            if (text[at..].StartsWith(value, StringComparison.Ordinal))
            {
                return value.Length;
            }
        }

        return 0;
    }
}
