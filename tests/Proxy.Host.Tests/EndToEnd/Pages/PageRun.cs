using System.Globalization;
using System.Text;

namespace Proxy.Host.Tests.EndToEnd.Pages;

/// <summary>Does what a page says, from its own text: writes its files and runs its commands, one after the other.</summary>
internal sealed class PageRun(Sandbox sandbox)
{
    private readonly StringBuilder _done = new();
    private int _started;

    /// <summary>Commands of the page that a test cannot run as they are, and what it runs in their place.</summary>
    public Dictionary<string, string> Instead { get; } = [];

    /// <summary>Runs a page from its first block to its last.</summary>
    public async Task RunAsync(Page page)
    {
        Assert.NotEmpty(page.Blocks);
        foreach (var block in page.Blocks)
        {
            if (block.Name.Length > 0)
            {
                await WriteAsync(block);
            }
            else if (block.Language == "console")
            {
                foreach (var command in block.Commands())
                {
                    await RunAsync(Instead.Remove(command.Command, out var other) ? command with { Text = other } : command);
                }
            }
            else
            {
                Assert.NotEqual("json", block.Language); // a configuration that no command uses
            }
        }

        Assert.Empty(Instead);
    }

    // Files whose format is known are checked: ours as strictly as proxy can, YAML by whether it can be read.
    private async Task WriteAsync(PageBlock block)
    {
        var path = Path.Combine(sandbox.Folder, block.Name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, block.Text);
        _done.AppendLine(CultureInfo.InvariantCulture, $"# wrote {block.Name}");
        if (block.Language == "json" && block.Text.Contains("\"ReverseProxy\"", StringComparison.Ordinal))
        {
            await RunAsync(new PageCommand($"proxy check --strict {block.Name}", ""));
        }
        else if (block.Language == "yaml")
        {
            await RunAsync(
                new PageCommand(
                    $"/usr/bin/python3 -c 'import sys, yaml; list(yaml.load_all(open(sys.argv[1]), yaml.BaseLoader))' {block.Name}",
                    ""
                )
            );
        }
    }

    private async Task RunAsync(PageCommand command)
    {
        _done.AppendLine(CultureInfo.InvariantCulture, $"$ {command.Text}");
        if (command.IsInBackground)
        {
            await sandbox.RequireAsync($"{command.Command[..^1]} > '{sandbox.Folder}/background{++_started}.log' 2>&1 &");
            return;
        }

        // What was started before may not be ready yet. A reader would try again, too.
        var (exit, output) = (0, "");
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                (exit, output) = await sandbox.RunAsync(command.Command);
                return command.IsDescribed ? command.Prints(output) : exit == 0;
            });
        }
        catch (OperationCanceledException)
        {
            var logs = Directory
                .GetFiles(sandbox.Folder, "background*.log")
                .Order()
                .Select(static file => $"{file}:\n{File.ReadAllText(file)}");
            Assert.Fail(
                $"""
                {_done}
                has to print: {command.Output}
                and ended with {exit}: {output}
                {string.Join('\n', logs)}
                """
            );
        }
    }
}
