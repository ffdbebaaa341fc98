namespace Proxy.Configuration.Reading;

/// <summary>Suggests the name that was probably intended.</summary>
internal static class DidYouMean
{
    public static string? Find(string text, IEnumerable<string> names)
    {
        // A suggestion may differ in up to a third of its letters.
        var best = names.Select(name => (name, Distance: Distance(text, name))).OrderBy(item => item.Distance).FirstOrDefault();
        return best.name is { } found && best.Distance <= Math.Max(1, found.Length / 3) ? found : null;
    }

    public static string Suffix(string text, IEnumerable<string> names) => Suffix(Find(text, names));

    /// <summary>The end of a message about a wrong name.</summary>
    /// <param name="found">What <see cref="Find"/> has found; null for nothing.</param>
    public static string Suffix(string? found) => found is null ? "." : $"; did you mean '{found}'?";

    /// <summary>The names in quotes, or "none".</summary>
    public static string List(IEnumerable<string> names)
    {
        // A list of thousands of names would not help, and copying it for each of thousands of problems would be quadratic.
        var all = names as IReadOnlyCollection<string> ?? [.. names];
        var shown = string.Join(", ", all.Take(20).Select(name => $"'{name}'"));
        return all.Count == 0 ? "none"
            : all.Count > 20 ? $"{shown} and {all.Count - 20} more"
            : shown;
    }

    private static int Distance(string left, string right)
    {
        // Names of very different lengths are not suggested, and the input may be huge.
        if (Math.Abs(left.Length - right.Length) > Math.Max(1, right.Length / 3))
        {
            return int.MaxValue;
        }

        var previous = Enumerable.Range(0, right.Length + 1).ToArray();
        foreach (var (row, letter) in left.Index())
        {
            var current = new int[right.Length + 1];
            current[0] = row + 1;
            for (var column = 0; column < right.Length; column++)
            {
                var same = char.ToUpperInvariant(letter) == char.ToUpperInvariant(right[column]);
                var replaced = previous[column] + (same ? 0 : 1);
                current[column + 1] = Math.Min(replaced, Math.Min(previous[column + 1], current[column]) + 1);
            }

            previous = current;
        }

        return previous[^1];
    }
}
