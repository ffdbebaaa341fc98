using System.Globalization;
using System.Text;

namespace Proxy.Hooks;

/// <summary>Makes foreign text fit for a log line: nothing in it can end the line, move a terminal or turn the reading direction.</summary>
internal static class Printable
{
    private const int MaxShort = 200;

    /// <summary>The first part of a text, on one line.</summary>
    public static string Shorten(string text) => text.Length <= MaxShort ? Escape(text) : $"{Escape(text.AsSpan(0, MaxShort))}…";

    public static string Escape(ReadOnlySpan<char> text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsVisible(rune))
            {
                result.Append(rune);
            }
            else
            {
                result.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            }
        }

        return result.ToString();
    }

    private static bool IsVisible(Rune rune) =>
        rune.Value == '\t'
        || Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.OtherNotAssigned
            );
}
