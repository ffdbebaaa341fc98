using System.Runtime.CompilerServices;
using System.Text.Json;
using Proxy.Host.Tests.Servers;

namespace Proxy.Host.Tests.Deploy;

/// <summary>What config/deploy ships.</summary>
internal static class DeployFiles
{
    // Python knows YAML; all documents of a file, as one JSON array.
    private const string ToJson =
        "import json, sys, yaml; print(json.dumps(list(yaml.load_all(open(sys.argv[1]), Loader=yaml.BaseLoader))))";

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root(), "config", "deploy", .. parts]);

    public static string Docs(string page) => File.ReadAllText(System.IO.Path.Combine(Root(), "docs", page));

    /// <summary>The documents of a YAML file; every scalar is a text.</summary>
    public static async Task<List<JsonElement>> YamlAsync(params string[] parts)
    {
        // The system's Python has it, another one in the path perhaps not.
        var json = await Programs.RunAsync("sh", "", "-c", "/usr/bin/python3 -c \"$0\" \"$1\"", ToJson, Path(parts));
        return JsonSerializer.Deserialize<List<JsonElement>>(json)!;
    }

    private static string Root([CallerFilePath] string path = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, "..", "..", ".."));
}
