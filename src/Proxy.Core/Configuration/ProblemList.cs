using Microsoft.Extensions.Configuration;

namespace Proxy.Configuration;

/// <summary>Gathers problems and finds the file and line each comes from.</summary>
internal sealed class ProblemList
{
    private readonly List<ConfigProblem> _errors = [];
    private readonly List<ConfigProblem> _warnings = [];
    private readonly HashSet<string> _blamed = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<JsonFileProvider> _files;
    private readonly string? _prefix;

    public ProblemList(IConfiguration configuration, bool wholeDocument)
    {
        // The highest layer wins.
        _files = configuration is IConfigurationRoot root ? [.. ConfigTree.Flatten(root).OfType<JsonFileProvider>().Reverse()] : [];
        _prefix =
            wholeDocument ? null
            : configuration is IConfigurationSection section ? section.Path
            : "";
        _errors.AddRange(_files.Select(file => file.Problem).OfType<ConfigProblem>().Reverse());
    }

    public bool HasErrors => _errors.Count > 0;

    public IReadOnlyList<ConfigProblem> Errors => Sort(_errors);

    public IReadOnlyList<ConfigProblem> Warnings => Sort(_warnings);

    public void Error(string path, string message)
    {
        _errors.Add(Locate(path, message));
        for (var part = path; part.Length > 0; part = Parent(part))
        {
            _blamed.Add(part);
        }
    }

    /// <summary>Adds an error that may only be the consequence of one at or below the same path; then it says nothing new.</summary>
    public void Consequence(string path, string message)
    {
        if (!_blamed.Contains(path))
        {
            Error(path, message);
        }
    }

    public void Warn(string path, string message) => _warnings.Add(Locate(path, message));

    private static string Parent(string path) => path[..Math.Max(0, path.LastIndexOf(':'))];

    private static List<ConfigProblem> Sort(List<ConfigProblem> problems) =>
        [.. problems.OrderBy(problem => problem.File, StringComparer.Ordinal).ThenBy(problem => problem.Line)];

    private ConfigProblem Locate(string path, string message)
    {
        var real = ToReal(path);
        for (var part = real; part.Length > 0; part = Parent(part))
        {
            foreach (var file in _files)
            {
                if (file.LineOf(part) is { } line)
                {
                    return new ConfigProblem(path, message, file.File, line);
                }
            }
        }

        return new ConfigProblem(_prefix is { Length: > 0 } ? real : path, message);
    }

    // Embedded, the section may have another name, or be the root.
    private string ToReal(string path)
    {
        if (_prefix is null || !path.StartsWith(ConfigTree.Section, StringComparison.OrdinalIgnoreCase))
        {
            return path;
        }

        var rest = path[ConfigTree.Section.Length..];
        return _prefix.Length == 0 ? rest.TrimStart(':') : _prefix + rest;
    }
}
