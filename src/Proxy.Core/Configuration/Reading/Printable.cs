using System.Globalization;
using System.Text;

namespace Proxy.Configuration.Reading;

/// <summary>Makes foreign text fit for a line of a log or a terminal: nothing in it can end the line, move a cursor or turn the reading direction.</summary>
public static class Printable
{
    private const int MaxShort = 200;

    /// <summary>The first 200 characters of a text, on one line.</summary>
    /// <param name="text">A text of any length.</param>
    /// <returns>It, with an ellipsis where something is missing.</returns>
    public static string Shorten(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= MaxShort ? Escape(text) : $"{Escape(text.AsSpan(0, MaxShort))}…";
    }

    /// <summary>A text on one line.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="tabs">Whether tabs stay, in lines of a program's output.</param>
    /// <returns>It, with <c>\uXXXX</c> for each character that is not seen.</returns>
    public static string Escape(ReadOnlySpan<char> text, bool tabs = false)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsVisible(rune) || (tabs && rune.Value == '\t'))
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
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.OtherNotAssigned
            );
}
