using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Proxy.Host.Tests.Architecture;

/// <summary>Which folder of the source uses which other one, as the compiler binds it: a type that is named, or a member that is used.</summary>
internal sealed class ImportGraph
{
    private readonly Dictionary<(string From, string To), SortedSet<string>> _arrows = [];

    /// <summary>The arrows from a folder to another, each with the pairs of files that make it.</summary>
    public IReadOnlyDictionary<(string From, string To), SortedSet<string>> Arrows => _arrows;

    /// <summary>Names of types and namespaces that the compiler did not find: an arrow may be missing for each.</summary>
    public IReadOnlyList<string> Unbound { get; private init; } = [];

    /// <summary>Compiles sources and gathers their arrows; no code is emitted and no generator runs.</summary>
    /// <param name="sources">Text by path; a folder is what stands before a path's last slash.</param>
    /// <param name="references">What the sources refer to besides themselves.</param>
    /// <returns>The graph.</returns>
    public static ImportGraph Of(IReadOnlyDictionary<string, string> sources, IEnumerable<MetadataReference> references)
    {
        var parse = new CSharpParseOptions(LanguageVersion.Preview, DocumentationMode.None); // no arrow comes from a comment
        var trees = sources.AsParallel().Select(source => CSharpSyntaxTree.ParseText(source.Value, parse, source.Key));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true);
        var compilation = CSharpCompilation.Create("Source", trees, references, options);
        var graph = new ImportGraph
        {
            Unbound =
            [
                .. compilation
                    .GetDeclarationDiagnostics()
                    .Where(static problem => problem.Id is "CS0246" or "CS0234")
                    .Select(static problem => problem.ToString()),
            ],
        };
        var names = Names(compilation);
        var uses = compilation.SyntaxTrees.AsParallel().Select(tree => (tree.FilePath, Used(compilation.GetSemanticModel(tree), names)));
        foreach (var (file, used) in uses.ToList())
        {
            foreach (var other in used)
            {
                graph.Add(file, other);
            }
        }

        return graph;
    }

    /// <summary>Folders that use one another in a circle: each with all that are in it.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rings()
    {
        var next = _arrows.Keys.ToLookup(static arrow => arrow.From, static arrow => arrow.To);
        var reached = _arrows.Keys.Select(static arrow => arrow.From).Distinct().ToDictionary(from => from, from => Reach(from, next));
        return
        [
            .. reached
                .Where(static folder => folder.Value.Contains(folder.Key))
                .GroupBy(folder =>
                    string.Join(
                        ", ",
                        folder
                            .Value.Where(other => reached.GetValueOrDefault(other)?.Contains(folder.Key) is true)
                            .Order(StringComparer.Ordinal)
                    )
                )
                .Select(static ring => (IReadOnlyList<string>)ring.Key.Split(", ")),
        ];
    }

    private static HashSet<string> Reach(string from, ILookup<string, string> next)
    {
        var reached = new HashSet<string>();
        var open = new Stack<string>([from]);
        while (open.TryPop(out var folder))
        {
            foreach (var other in next[folder].Where(reached.Add))
            {
                open.Push(other);
            }
        }

        return reached;
    }

    private void Add(string from, string to)
    {
        var arrow = (Folder(from), Folder(to));
        if (arrow.Item1 == arrow.Item2)
        {
            return;
        }

        if (!_arrows.TryGetValue(arrow, out var files))
        {
            _arrows[arrow] = files = new(StringComparer.Ordinal);
        }

        files.Add($"{Path.GetFileNameWithoutExtension(from)} uses {Path.GetFileNameWithoutExtension(to)}");
    }

    /// <summary>
    /// All names by which something of the sources can be used. Only what has one of them is bound: most names are of the framework, or of variables, whose
    /// types are named or used themselves.
    /// </summary>
    private static HashSet<string> Names(CSharpCompilation compilation)
    {
        const string Ending = nameof(Attribute);
        var names = new HashSet<string>(StringComparer.Ordinal) { "var" }; // which stands for a type
        var open = new Stack<INamespaceOrTypeSymbol>([compilation.Assembly.GlobalNamespace]);
        while (open.TryPop(out var outer))
        {
            foreach (var member in outer.GetMembers())
            {
                if (member is INamespaceOrTypeSymbol inner)
                {
                    open.Push(inner);
                }

                if (member is not INamespaceSymbol)
                {
                    names.Add(member.Name);
                    names.Add(member.Name.EndsWith(Ending, StringComparison.Ordinal) ? member.Name[..^Ending.Length] : member.Name);
                }
            }
        }

        names.UnionWith(compilation.SyntaxTrees.SelectMany(Aliases));
        return names;
    }

    private static IEnumerable<string> Aliases(SyntaxTree tree) =>
        tree.GetRoot()
            .DescendantNodes(static node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<UsingDirectiveSyntax>()
            .Select(static directive => directive.Alias?.Name.Identifier.ValueText)
            .OfType<string>();

    /// <summary>The files of all types that a file uses, its own among them.</summary>
    private static HashSet<string> Used(SemanticModel model, HashSet<string> names) =>
        [
            .. model
                .SyntaxTree.GetRoot()
                .DescendantNodes()
                .Where(node => MayUse(node, names))
                .SelectMany(use => Types(model, use))
                .Distinct<INamedTypeSymbol>(SymbolEqualityComparer.Default)
                .SelectMany(static type => type.DeclaringSyntaxReferences)
                .Select(static declaration => declaration.SyntaxTree.FilePath),
        ];

    // A named argument is of the type whose member is called.
    private static bool MayUse(SyntaxNode node, HashSet<string> names) =>
        node is ImplicitObjectCreationExpressionSyntax
        || (
            node is SimpleNameSyntax { Identifier.ValueText: var name, Parent: var parent }
            && (parent is NameColonSyntax || names.Contains(name))
        );

    private static IEnumerable<INamedTypeSymbol> Types(SemanticModel model, SyntaxNode use)
    {
        var info = model.GetSymbolInfo(use);
        foreach (var symbol in info.Symbol is { } bound ? [bound] : info.CandidateSymbols)
        {
            if ((symbol as INamedTypeSymbol ?? symbol.ContainingType) is { } type)
            {
                yield return Outermost(type.OriginalDefinition);
            }
        }
    }

    private static INamedTypeSymbol Outermost(INamedTypeSymbol type)
    {
        while (type.ContainingType is { } outer)
        {
            type = outer;
        }

        return type;
    }

    private static string Folder(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];
}
