using System.Text;

namespace Proxy.Configuration.Reading;

/// <summary>Masks user and query of addresses in a text. One pass, since documents that are posted for a check are masked too.</summary>
internal static class UrlMask
{
    private const string Scheme = "://";

    /// <summary>Masks a text. Words end at white space and quotes, as in messages; each may be an address.</summary>
    public static string Apply(string text)
    {
        var shown = new StringBuilder(text.Length);
        for (var start = 0; start < text.Length; )
        {
            var end = start;
            while (end < text.Length && !IsBetween(text[end]))
            {
                end++;
            }

            Word(text.AsSpan(start, end - start), shown);
            start = Math.Min(end + 1, text.Length);
            shown.Append(text, end, start - end);
        }

        return shown.ToString();
    }

    private static bool IsBetween(char letter) => letter is '\'' or '"' || char.IsWhiteSpace(letter);

    private static void Word(ReadOnlySpan<char> word, StringBuilder shown)
    {
        var next = Find(word, Scheme);
        WithoutScheme(word[..next], shown);
        word = word[next..];
        while (word.Length > 0)
        {
            shown.Append(Scheme);
            word = Authority(word[Scheme.Length..], shown);
            next = Find(word, Scheme);
            var asked = word[..next].IndexOfAny('?', '#');
            if (asked >= 0 && word[asked] == '?')
            {
                word = Query(word, asked + 1, shown);
                next = Find(word, Scheme);
            }

            shown.Append(word[..next]);
            word = word[next..];
        }
    }

    // A password may contain an @, so the last one before the path counts.
    private static ReadOnlySpan<char> Authority(ReadOnlySpan<char> rest, StringBuilder shown)
    {
        var end = rest.IndexOfAny("/?#");
        end = end < 0 ? rest.Length : end;
        var at = rest[..end].LastIndexOf('@');
        shown.Append(at < 0 ? "" : SecretMask.Hidden).Append(rest[Math.Max(at, 0)..end]);
        return rest[end..];
    }

    private static ReadOnlySpan<char> Query(ReadOnlySpan<char> rest, int start, StringBuilder shown)
    {
        var end = start + Find(rest[start..], "#");
        shown.Append(rest[..start]).Append(end > start ? SecretMask.Hidden : "");
        return rest[end..];
    }

    // Forms without a scheme: user:password@host, or token@host:80. A mail address has no colon, and paths and sockets may contain an @.
    private static void WithoutScheme(ReadOnlySpan<char> word, StringBuilder shown)
    {
        var at = word.LastIndexOf('@');
        var path = word.StartsWith("unix:", StringComparison.OrdinalIgnoreCase) || word is ['/' or '.', ..];
        var hidden = at > 0 && !path && word.Contains(':');
        shown.Append(hidden ? SecretMask.Hidden : "").Append(hidden ? word[at..] : word);
    }

    private static int Find(ReadOnlySpan<char> text, string what) =>
        text.IndexOf(what, StringComparison.Ordinal) is var at and >= 0 ? at : text.Length;
}
