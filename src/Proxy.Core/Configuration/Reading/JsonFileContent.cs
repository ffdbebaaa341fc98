namespace Proxy.Configuration.Reading;

/// <summary>The content of a JSON file as configuration paths.</summary>
internal sealed record JsonFileContent
{
    public static JsonFileContent Empty { get; } = new();

    public Dictionary<string, string?> Values { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where an object without keys stands: null to .NET, but there.</summary>
    public List<string> EmptyObjects { get; } = [];

    public Dictionary<string, int> Lines { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Why the file is not what is used. Every reader of the content gets them with it, and so cannot run what is ambiguous.</summary>
    public IReadOnlyList<ConfigProblem> Problems { get; init; } = [];
}
