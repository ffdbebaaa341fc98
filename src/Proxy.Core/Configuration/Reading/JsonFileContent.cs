namespace Proxy.Configuration.Reading;

/// <summary>The content of a JSON document as configuration paths.</summary>
internal sealed record JsonFileContent
{
    public static JsonFileContent Empty { get; } = new();

    public Dictionary<string, string?> Values { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The paths of objects without keys, which .NET represents by null.</summary>
    public List<string> EmptyObjects { get; } = [];

    public Dictionary<string, int> Lines { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Why the document is not used. They are passed to every reader of the content, so that an ambiguous configuration is never run.
    /// </summary>
    public IReadOnlyList<ConfigProblem> Problems { get; init; } = [];

    /// <summary>What is allowed and probably not intended.</summary>
    public IReadOnlyList<ConfigProblem> Warnings { get; init; } = [];

    /// <summary>The version of a document that hosts share; 0 for a file.</summary>
    public long Version { get; init; }
}
