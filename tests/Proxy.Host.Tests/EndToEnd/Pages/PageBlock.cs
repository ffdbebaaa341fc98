namespace Proxy.Host.Tests.EndToEnd.Pages;

/// <param name="Language">The language of the block.</param>
/// <param name="Name">The name of the file that it is; empty for none.</param>
/// <param name="Text">Its lines.</param>
internal sealed record PageBlock(string Language, string Name, string Text)
{
    /// <summary>The commands of a transcript, each with what it prints; a line that ends with a backslash goes on in the next one.</summary>
    public IEnumerable<PageCommand> Commands()
    {
        var lines = Text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("$ ", StringComparison.Ordinal))
            {
                Assert.Equal("", lines[i].Trim());
                continue;
            }

            var command = new List<string> { lines[i][2..] };
            while (command[^1].EndsWith('\\'))
            {
                command.Add(lines[++i]);
            }

            var output = lines.Skip(i + 1).TakeWhile(static line => !line.StartsWith("$ ", StringComparison.Ordinal)).ToList();
            i += output.Count;
            yield return new PageCommand(string.Join('\n', command), string.Join('\n', output).Trim());
        }
    }
}
