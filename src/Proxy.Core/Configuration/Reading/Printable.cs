using System.Globalization;
using System.Text;

namespace Proxy.Configuration.Reading;

/// <summary>
/// Makes text from other sources safe for a log line or a terminal: it cannot end the line, move the cursor or change the reading
/// direction.
/// </summary>
public static class Printable
{
    private const int MaxShort = 200;

    /// <summary>The first 200 characters of a text, on one line.</summary>
    /// <param name="text">A text of any length.</param>
    /// <returns>The text, with an ellipsis if it was cut.</returns>
    public static string Shorten(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= MaxShort ? Escape(text) : $"{Escape(text.AsSpan(0, MaxShort))}…";
    }

    /// <summary>Escapes a text, so that it stays on one line.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="tabs">Whether tabs are kept, for lines of a program's output.</param>
    /// <returns>The text, with <c>\uXXXX</c> for each invisible character.</returns>
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
