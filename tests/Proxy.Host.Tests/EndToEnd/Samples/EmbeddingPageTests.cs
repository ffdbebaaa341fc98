using System.Text.RegularExpressions;

namespace Proxy.Host.Tests.EndToEnd.Samples;

/// <summary>The code in docs/embedding.md is part of the samples, so it compiles and runs.</summary>
public sealed partial class EmbeddingPageTests
{
    [Fact]
    public void Page_EveryBlock_IsPartOfASample()
    {
        var sources = Sources().Select(static file => Squeeze(File.ReadAllText(file))).ToList();
        var blocks = Block().Matches(Page()).Select(static block => block.Groups["text"].Value).ToList();

        Assert.NotEmpty(blocks);
        Assert.All(
            blocks,
            block => Assert.True(sources.Exists(source => source.Contains(Squeeze(block), StringComparison.Ordinal)), block)
        );
    }

    [Fact]
    public void Page_EveryTypeOfASample_IsShown()
    {
        var page = Page();

        foreach (var file in Sources().Where(static file => file.EndsWith(".cs", StringComparison.Ordinal)))
        {
            var type = Path.GetFileNameWithoutExtension(file);
            Assert.True(type == "Program" || page.Contains(type, StringComparison.Ordinal), type);
        }
    }

    private static string Page() => File.ReadAllText(Repository.Path("docs", "embedding.md"));

    private static IEnumerable<string> Sources() =>
        Directory
            .GetDirectories(Repository.Path("docs", "samples"))
            .SelectMany(Directory.GetFiles)
            .Where(static file => Path.GetExtension(file) is ".cs" or ".json");

    private static string Squeeze(string text) => string.Concat(text.Where(static letter => !char.IsWhiteSpace(letter)));

    [GeneratedRegex("^```[a-z]+\\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block();
}
