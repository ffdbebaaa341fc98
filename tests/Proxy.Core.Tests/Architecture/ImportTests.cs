using System.Text.RegularExpressions;

namespace Proxy.Core.Tests.Architecture;

public sealed partial class ImportTests
{
    // What a folder of the library may import besides itself; docs/architecture.md says why.
    private static readonly Dictionary<string, string[]> _allowed = new()
    {
        ["Configuration"] = [],
        ["Diagnostics"] = [],
        ["Timing"] = [],
        ["Connections"] = ["Diagnostics", "Timing"],
        ["Listeners"] = ["Configuration", "Diagnostics", "Connections", "Timing"],
        ["Routing"] = ["Configuration", "Diagnostics", "Connections"],
        ["Limits"] = ["Configuration", "Diagnostics", "Connections"],
        ["Clusters"] = ["Configuration", "Diagnostics", "Connections", "Timing"],
        ["Hooks"] = ["Configuration", "Diagnostics", "Connections", "Clusters"],
        ["Locking"] = ["Configuration", "Diagnostics", "Connections", "Hooks", "Timing"],
        ["Forwarding"] = ["Diagnostics", "Connections"],
        ["Channels"] = ["Configuration", "Diagnostics", "Timing", "Connections", "Listeners", "Hooks", "Clusters", "Forwarding"],
        ["Probing"] = ["Configuration", "Diagnostics", "Connections"],
        ["Multiplexing"] = ["Configuration", "Diagnostics", "Connections", "Clusters", "Timing"],
    };

    public static TheoryData<string> Folders =>
        [
            .. Directory
                .GetDirectories(Library())
                .Select(static path => Path.GetFileName(path))
                .Where(static name => name is not ("obj" or "bin")),
        ];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folder_Imports_OnlyDownwards(string folder)
    {
        Assert.True(_allowed.ContainsKey(folder), $"The folder {folder} has no rule: decide what it may import.");
        var rootTypes = Directory.GetFiles(Library(), "*.cs").Select(Path.GetFileNameWithoutExtension).ToList();

        var violations = Directory
            .GetFiles(Path.Combine(Library(), folder), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Violations(file, folder, rootTypes!));

        Assert.Empty(violations);
    }

    [Fact]
    public void Violations_UpwardImport_Found()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "using Proxy.Forwarding;\nnamespace Proxy.Connections;\n");

        Assert.Single(Violations(file, "Connections", []));

        File.Delete(file);
    }

    private static IEnumerable<string> Violations(string file, string folder, IReadOnlyCollection<string> rootTypes)
    {
        var code = Comment().Replace(File.ReadAllText(file), "");
        foreach (Match match in Import().Matches(code))
        {
            var imported = match.Groups[1].Value;
            if (imported != folder && !_allowed[folder].Contains(imported))
            {
                yield return $"{file} imports {imported}";
            }
        }

        foreach (var type in rootTypes.Where(type => Regex.IsMatch(code, $@"\b{type}\b")))
        {
            yield return $"{file} uses {type} of the root";
        }
    }

    private static string Library() => Repository.Path("src", "Proxy.Core");

    [GeneratedRegex(@"(?<!\.)\bProxy\.([A-Z]\w+)")]
    private static partial Regex Import();

    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
