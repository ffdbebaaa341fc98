namespace Proxy.Configuration;

/// <summary>Guesses what a misspelt word was meant to be.</summary>
internal static class Suggestion
{
    private const int MostEdits = 3;

    /// <summary>The end of a sentence: a full stop, or a question with the nearest word.</summary>
    public static string For(string word, IEnumerable<string> known)
    {
        var nearest = known.MinBy(candidate => Distance(word, candidate));
        return nearest is not null && Distance(word, nearest) <= Math.Min(MostEdits, Math.Max(1, nearest.Length / 2))
            ? $"; did you mean '{nearest}'?"
            : ".";
    }

    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var change = diagonal + (char.ToUpperInvariant(one[i - 1]) == char.ToUpperInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
