namespace Proxy.Configuration;

/// <summary>The content of a JSON file as configuration paths.</summary>
internal sealed class JsonFileContent
{
    public static JsonFileContent Empty { get; } = new();

    public Dictionary<string, string?> Values { get; } = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, int> Lines { get; } = new(StringComparer.OrdinalIgnoreCase);
}
