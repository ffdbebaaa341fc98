using System.Text.RegularExpressions;

namespace Proxy.Host.Tests.EndToEnd.Pages;

/// <summary>
/// A page of the documentation. A block of code with a name behind its language is a file; a block of <c>console</c> is a transcript, in which lines that
/// begin with <c>$ </c> are commands, those that follow are what a command prints, and <c>…</c> stands for any text.
/// </summary>
internal sealed partial class Page
{
    private Page(string text) =>
        Blocks = [
            .. Block()
                .Matches(text)
                .Select(static match => new PageBlock(
                    match.Groups["language"].Value,
                    match.Groups["name"].Value,
                    match.Groups["text"].Value
                )),
        ];

    public IReadOnlyList<PageBlock> Blocks { get; }

    public static Page Read(params string[] path) => new(File.ReadAllText(Repository.Path(path)));

    [GeneratedRegex(
        @"^```(?<language>[a-z]+)(?: (?<name>\S+))?\n(?<text>.*?)^```$",
        RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Block();
}
