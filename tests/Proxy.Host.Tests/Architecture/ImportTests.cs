using Microsoft.CodeAnalysis;

namespace Proxy.Host.Tests.Architecture;

/// <summary>
/// A folder uses only what <c>src/imports.txt</c> lists for it, sub-folders being rooms of their own. An arrow that is not listed, one that is
/// listed and not used, and a ring of folders fail.
/// </summary>
public sealed class ImportTests
{
    private const string Usings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder; global using Microsoft.AspNetCore.Hosting; global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing; global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection; global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging; global using System.Net.Http.Json;
        """;

    // The projects are compiled together from their source, so their own assemblies stay out.
    private static readonly MetadataReference[] _references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(static path => Path.GetFileNameWithoutExtension(path) is not ("Proxy.Core" or "Proxy.Etcd" or "proxy"))
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    [Fact]
    public void Source_Imports_AreThoseListed()
    {
        var graph = ImportGraph.Of(Sources(), _references);

        var used = graph.Arrows.Select(static arrow => $"{arrow.Key.From} -> {arrow.Key.To}").ToHashSet();
        var listed = Listed();

        List<string> wrong =
        [
            .. graph.Unbound,
            .. graph.Arrows.Where(arrow => !listed.Contains($"{arrow.Key.From} -> {arrow.Key.To}")).Select(Describe),
            .. listed.Where(arrow => !used.Contains(arrow)).Select(static arrow => $"{arrow}: listed, and nothing uses it"),
            .. graph.Rings().Select(static ring => $"a ring: {string.Join(" -> ", ring)}"),
        ];
        Assert.True(wrong.Count == 0, string.Join('\n', wrong)); // all of them: a list that is asserted to be empty is shortened
    }

    [Fact]
    public void Of_NamedTypeAndUsedMember_AreArrows()
    {
        var graph = ImportGraph.Of(
            new Dictionary<string, string>
            {
                ["A/One.cs"] = "namespace A; class One { void M(C.Made made) => made.Part.Work(); }",
                ["B/Part.cs"] = "namespace B; class Part { public void Work() { } }",
                ["C/Made.cs"] = "namespace C; class Made { public B.Part Part => null; }",
            },
            _references
        );

        Assert.Equal([("A", "B"), ("A", "C"), ("C", "B")], graph.Arrows.Keys.Order());
        Assert.Equal(["Made uses Part"], graph.Arrows[("C", "B")]);
        Assert.Empty(graph.Rings());
    }

    [Fact]
    public void Of_AttributeInferredTypeAndMemberOfARecord_AreArrows()
    {
        var graph = ImportGraph.Of(
            new Dictionary<string, string>
            {
                ["A/One.cs"] = "namespace A; [B.Marked] class One { }",
                ["B/MarkedAttribute.cs"] = "namespace B; class MarkedAttribute : System.Attribute { }",
                ["C/Two.cs"] = "namespace C; class Two { void M() { var made = D.Maker.Make(); } }",
                ["D/Maker.cs"] = "namespace D; static class Maker { public static E.Made Make() => null; }",
                ["E/Made.cs"] = "namespace E; record Made(int Number);",
                ["F/Three.cs"] = "namespace F; class Three { bool M() => D.Maker.Make().Equals(null); }",
            },
            _references
        );

        Assert.Equal([("A", "B"), ("C", "D"), ("C", "E"), ("D", "E"), ("F", "D"), ("F", "E")], graph.Arrows.Keys.Order());
    }

    [Fact]
    public void Rings_ParentAndChildUseEachOther_AreFound()
    {
        var graph = ImportGraph.Of(
            new Dictionary<string, string>
            {
                ["A/One.cs"] = "namespace A; class One { A.B.Two two; }",
                ["A/B/Two.cs"] = "namespace A.B; class Two { C.Three three; }",
                ["C/Three.cs"] = "namespace C; class Three { A.One one; }",
                ["D/Four.cs"] = "namespace D; class Four { A.One one; }",
            },
            _references
        );

        Assert.Equal(["A", "A/B", "C"], Assert.Single(graph.Rings()));
    }

    private static Dictionary<string, string> Sources()
    {
        var root = Repository.Path("src");
        var sources = Directory
            .GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
            .Where(static file => !file.Split('/').Any(static part => part is "bin" or "obj"))
            .ToDictionary(static file => file, file => File.ReadAllText(Path.Combine(root, file)));
        foreach (var file in Directory.GetFiles(Generated(), "*.cs"))
        {
            sources[$"Proxy.Etcd/Protocol/{Path.GetFileName(file)}"] = File.ReadAllText(file);
        }

        sources["Usings.cs"] = Usings;
        return sources;
    }

    // What the build has made of the protocol's description is part of its folder. Binaries of a project are beside those of others: bin/PROJECT/CONFIGURATION.
    private static string Generated()
    {
        var bin = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(bin.Parent!.Parent!.Parent!.FullName, "obj", "Proxy.Etcd", bin.Name, "Protocol");
    }

    /// <summary>Lines of the form <c>Proxy.Core/Listeners: Proxy.Core/Connections, Proxy.Core/Diagnostics</c>.</summary>
    private static HashSet<string> Listed() =>
        [
            .. File.ReadAllLines(Repository.Path("src", "imports.txt"))
                .Where(static line => line.Length > 0 && line[0] != '#')
                .Select(static line => line.Split(": ", 2))
                .SelectMany(static parts => parts[1].Split(", ").Select(to => $"{parts[0]} -> {to}")),
        ];

    private static string Describe(KeyValuePair<(string From, string To), SortedSet<string>> arrow) =>
        $"{arrow.Key.From} -> {arrow.Key.To} is not listed in src/imports.txt: {string.Join("; ", arrow.Value.Take(5))}";
}
