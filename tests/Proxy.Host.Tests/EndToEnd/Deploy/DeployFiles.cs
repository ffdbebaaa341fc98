using System.Text.Json;

namespace Proxy.Host.Tests.EndToEnd.Deploy;

/// <summary>The files of config/deploy.</summary>
internal static class DeployFiles
{
    // Python reads the YAML and writes all documents of a file as one JSON array.
    private const string ToJson =
        "import json, sys, yaml; print(json.dumps(list(yaml.load_all(open(sys.argv[1]), Loader=yaml.BaseLoader))))";

    public static string Path(params string[] parts) => Repository.Path(["config", "deploy", .. parts]);

    public static string Docs(string page) => File.ReadAllText(Repository.Path("docs", page));

    /// <summary>The documents of a YAML file, with every scalar as a string.</summary>
    public static async Task<List<JsonElement>> YamlAsync(params string[] parts)
    {
        // The system's Python has the yaml module; another one in the path may not.
        var json = await Programs.RunAsync("sh", "", "-c", "/usr/bin/python3 -c \"$0\" \"$1\"", ToJson, Path(parts));
        return JsonSerializer.Deserialize<List<JsonElement>>(json)!;
    }
}
