using System.Text.RegularExpressions;

namespace Proxy.Host.Tests.EndToEnd.Pages;

/// <summary>Links between pages lead to files and headings that are there.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void Links_EveryPage_LeadSomewhere()
    {
        var broken = new List<string>();
        foreach (var page in Pages())
        {
            foreach (
                var target in Link().Matches(Code().Replace(File.ReadAllText(page), "")).Select(static link => link.Groups["target"].Value)
            )
            {
                if (!target.Contains("://", StringComparison.Ordinal) && !IsThere(page, target))
                {
                    broken.Add($"{Path.GetRelativePath(Repository.Path(), page)}: {target}");
                }
            }
        }

        Assert.Empty(broken);
    }

    [Fact]
    public void Tasks_EachPage_IsListedInTheIndexAndInTheReadme()
    {
        var tasks = Directory
            .GetFiles(Repository.Path("docs", "tasks"), "*.md")
            .Select(static path => Path.GetFileName(path))
            .Where(static name => name != "README.md")
            .ToList();
        var index = File.ReadAllText(Repository.Path("docs", "tasks", "README.md"));

        Assert.NotEmpty(tasks);
        Assert.All(tasks, task => Assert.Contains($"]({task})", index, StringComparison.Ordinal));
        Assert.Contains("](docs/tasks/README.md)", File.ReadAllText(Repository.Path("README.md")), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Pages() =>
        Directory
            .GetFiles(Repository.Path("docs"), "*.md", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Repository.Path(), "*.md"))
            .Concat(Directory.GetFiles(Repository.Path("src"), "*.md", SearchOption.AllDirectories));

    private static bool IsThere(string page, string target)
    {
        var (path, heading) = target.Split('#', 2) is [var file, var part] ? (file, part) : (target, "");
        var full = path.Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, path));
        return heading.Length == 0 ? Path.Exists(full) : File.Exists(full) && Anchors(File.ReadAllText(full)).Contains(heading);
    }

    // As GitHub makes them: lower case, spaces are hyphens, other punctuation goes.
    private static HashSet<string> Anchors(string text) =>
        [
            .. Heading()
                .Matches(text)
                .Select(static heading => Dropped().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-')),
            .. Anchor().Matches(text).Select(static anchor => anchor.Groups["id"].Value),
        ];

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("^#+ (?<text>.*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Heading();

    [GeneratedRegex("<a id=\"(?<id>[^\"]+)\">", RegexOptions.ExplicitCapture)]
    private static partial Regex Anchor();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Dropped();
}
