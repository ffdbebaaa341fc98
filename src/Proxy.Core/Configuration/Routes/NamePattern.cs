using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>The name of a server in a route's conditions: a name, or all names below one.</summary>
/// <param name="Name">The name in lower case; of a wildcard without <c>*.</c>.</param>
/// <param name="IsWildcard">Whether it stands for the names below it, at any depth, and not for itself.</param>
internal readonly record struct NamePattern(string Name, bool IsWildcard)
{
    private const string Wildcard = "*.";

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">A name of a host, or <c>*.</c> and one.</param>
    /// <param name="pattern">The pattern.</param>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string text, out NamePattern pattern)
    {
        var isWildcard = text.StartsWith(Wildcard, StringComparison.Ordinal);
        var name = HostName.TryNormalize(isWildcard ? text.AsSpan(Wildcard.Length) : text);
        pattern = new(name ?? "", isWildcard);
        return name is not null;
    }

    /// <summary>Orders patterns: a name before all wildcards, a longer wildcard before a shorter one.</summary>
    public int Specificity => IsWildcard ? Name.Length : int.MaxValue;

    /// <summary>Whether it stands for a name, which is normalized.</summary>
    public bool Covers(string name) =>
        IsWildcard
            ? name.Length > Name.Length + 1 && name[^(Name.Length + 1)] == '.' && name.EndsWith(Name, StringComparison.Ordinal)
            : name == Name;

    /// <inheritdoc />
    public override string ToString() => IsWildcard ? $"{Wildcard}{Name}" : Name;
}
