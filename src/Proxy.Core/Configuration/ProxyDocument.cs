using Proxy.Configuration.Reading;

namespace Proxy.Configuration;

/// <summary>The configuration document: its root type, the section that applications embed, and the places of secrets.</summary>
public static class ProxyDocument
{
    /// <summary>The name of the section with endpoints, routes and clusters.</summary>
    internal const string Section = nameof(ProxyConfig.ReverseProxy);

    /// <summary>What stands for a colon of a path in the name of an environment variable.</summary>
    public const string VariableSeparator = "__";

    private static readonly DocumentShape _whole = new(ConfigTypes.Options.GetTypeInfo(typeof(ProxyConfig)), Section, IsWhole: true);
    private static readonly DocumentShape _section = _whole with { IsWhole = false };

    /// <summary>The places of secrets in a document.</summary>
    internal static SecretPlace Secrets { get; } = SecretPlace.Of(_whole.Root);

    // A variable named only DEMO or LOG may belong to another program, so the name of a section counts only if a path follows.
    private static readonly Dictionary<string, bool> _isSection = typeof(ProxyConfig)
        .GetProperties()
        .Where(static property => property.Name != nameof(ProxyConfig.Schema))
        .ToDictionary(
            static property => property.Name,
            static property => property.PropertyType != typeof(TimeSpan),
            StringComparer.OrdinalIgnoreCase
        );

    /// <summary>
    /// Whether an environment variable sets a key of the document: <c>Admin__Token</c>, with two underscores in place of each colon of the path.
    /// Programs that hooks start do not get such variables.
    /// </summary>
    /// <param name="name">The name of the variable; upper and lower case are the same.</param>
    public static bool IsVariable(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var end = name.IndexOf(VariableSeparator, StringComparison.Ordinal);
        return _isSection.TryGetValue(end < 0 ? name : name[..end], out var section) && section == (end >= 0);
    }

    /// <summary>The shape of the whole document, or of <see cref="Section"/> only.</summary>
    internal static DocumentShape Shape(bool wholeDocument) => wholeDocument ? _whole : _section;

    /// <summary>Generates the JSON schema (draft 2020-12) of whole documents, from the types that the reader uses.</summary>
    /// <param name="names">The names that keys may have as values.</param>
    /// <returns>The schema's text, indented.</returns>
    internal static string GenerateSchema(ConfigNames names) =>
        ConfigSchema.Generate(_whole.Root, "Proxy configuration", new DocumentForms(names).Of);
}
