namespace Proxy.Configuration;

/// <summary>The content of a JSON file as configuration paths.</summary>
internal sealed class JsonFileContent
{
    public static JsonFileContent Empty { get; } = new();

    public Dictionary<string, string?> Values { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where an object without keys stands: null to .NET, but there.</summary>
    public List<string> EmptyObjects { get; } = [];

    public Dictionary<string, int> Lines { get; } = new(StringComparer.OrdinalIgnoreCase);
}
