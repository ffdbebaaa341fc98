using Microsoft.Extensions.Configuration;

namespace Proxy.Configuration.Reading;

/// <summary>Collects problems, and finds the file and line of each.</summary>
internal sealed class ProblemList(IConfiguration configuration, DocumentShape shape)
{
    /// <summary>The number of errors, and of warnings, that are kept; further ones are only counted.</summary>
    public const int Most = 1000;

    private readonly List<ConfigProblem> _errors = [];
    private readonly List<ConfigProblem> _warnings = [];
    private int _moreErrors;
    private int _moreWarnings;

    // Paths that are wrong as a whole, so that nothing below them was read.
    private readonly HashSet<string> _wrong = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _judged = new(StringComparer.OrdinalIgnoreCase); // paths that were read and found wrong
    private readonly HashSet<string> _aboveWrong = new(StringComparer.OrdinalIgnoreCase); // the wrong paths and all above them

    // The highest layer wins, so it is searched first.
    private readonly List<DocumentProvider> _documents = configuration is IConfigurationRoot root
        ? [.. ConfigTree.Flatten(root).OfType<DocumentProvider>().Reverse()]
        : [];
    private readonly string? _prefix =
        shape.IsWhole ? null
        : configuration is IConfigurationSection section ? section.Path
        : "";

    /// <summary>The files that the configuration is read from.</summary>
    public IEnumerable<string> Files => _documents.Select(static document => document.LocalFile).OfType<string>();

    public bool HasErrors => _errors.Count > 0;

    public IReadOnlyList<ConfigProblem> Errors => Sort(_errors, _moreErrors, "errors");

    public IReadOnlyList<ConfigProblem> Warnings => Sort(_warnings, _moreWarnings, "warnings");

    public void Error(string path, string message)
    {
        AddError(path, message);
        Blame(path);
    }

    /// <summary>Adds an error with its place.</summary>
    public void Error(ConfigProblem problem)
    {
        if (_errors.Count < Most)
        {
            _errors.Add(problem);
        }
        else
        {
            _moreErrors++;
        }

        Blame(problem.Path);
    }

    /// <summary>Marks the place that an error elsewhere is about, such as the key that a misspelt one was meant to be.</summary>
    public void Blame(string path)
    {
        _wrong.Add(path);
        BlameParents(path);
    }

    /// <summary>Adds an error unless it may be only the consequence of another one.</summary>
    /// <param name="path">The path of the error. An error at this path, or of a parent that could not be read, is a cause.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="causes">Paths at or below which an error is a cause too.</param>
    public void Consequence(string path, string message, params ReadOnlySpan<string> causes)
    {
        if (!IsConsequence(path, causes))
        {
            AddError(path, message);
            _judged.Add(path);
            BlameParents(path);
        }
    }

    /// <summary>Whether an error at a path may be only the consequence of another one.</summary>
    public bool IsConsequence(string path, params ReadOnlySpan<string> causes)
    {
        foreach (var cause in causes)
        {
            if (_aboveWrong.Contains(cause))
            {
                return true;
            }
        }

        var part = path;
        while (part.Length > 0 && !_wrong.Contains(part))
        {
            part = Parent(part);
        }

        return part.Length > 0 || _judged.Contains(path);
    }

    /// <summary>Whether there is an error at exactly this path.</summary>
    public bool IsWrong(string path) => _wrong.Contains(path) || _judged.Contains(path);

    public void Warn(string path, string message) => Warn(Locate(path, message));

    /// <summary>Adds a warning with its place.</summary>
    public void Warn(ConfigProblem problem)
    {
        if (_warnings.Count < Most)
        {
            _warnings.Add(problem);
        }
        else
        {
            _moreWarnings++;
        }
    }

    private void AddError(string path, string message)
    {
        if (_errors.Count < Most)
        {
            _errors.Add(Locate(path, message));
        }
        else
        {
            _moreErrors++;
        }
    }

    private void BlameParents(string path)
    {
        // What is above a path that was blamed before was blamed then.
        for (var part = path; part.Length > 0 && _aboveWrong.Add(part); part = Parent(part)) { }
    }

    private static string Parent(string path) => path[..Math.Max(0, path.LastIndexOf(':'))];

    private static List<ConfigProblem> Sort(List<ConfigProblem> problems, int more, string kind)
    {
        var sorted = problems.OrderBy(problem => problem.File, StringComparer.Ordinal).ThenBy(problem => problem.Line);
        return more == 0 ? [.. sorted] : [.. sorted, new ConfigProblem("", $"there are {more} more {kind}, which are not listed.")];
    }

    private ConfigProblem Locate(string path, string message)
    {
        message = SecretMask.Apply(message);
        var real = ToReal(path);
        for (var part = real; part.Length > 0; part = Parent(part))
        {
            foreach (var document in _documents)
            {
                if (document.LineOf(part) is { } line)
                {
                    return new ConfigProblem(path, message, document.Name, line);
                }
            }
        }

        return new ConfigProblem(_prefix is { Length: > 0 } ? real : path, message);
    }

    // In an embedding application the section may have another name, or be the root.
    private string ToReal(string path)
    {
        if (_prefix is null || !path.StartsWith(shape.Section, StringComparison.OrdinalIgnoreCase))
        {
            return path;
        }

        var rest = path[shape.Section.Length..];
        return _prefix.Length == 0 ? rest.TrimStart(':') : _prefix + rest;
    }
}
