using System.CommandLine;
using System.CommandLine.Help;
using Proxy.Host.Cli;

namespace Proxy.Host.Tests.Cli;

public sealed class HelpOptionsTests
{
    [Theory]
    [InlineData("--help", "")]
    [InlineData("-?", "")]
    [InlineData("-h", "lock")]
    public void Parse_EveryCommand_ShowsHelp(string option, string exception)
    {
        var failed = Paths(ProxyCommand.Create(), [])
            .Where(path => string.Join(' ', path) != exception || exception.Length == 0)
            .Where(path => ProxyCommand.Create().Parse([.. path, option]).Action is not HelpAction)
            .Select(static path => string.Join(' ', path));

        Assert.Empty(failed);
    }

    [Fact]
    public void Parse_HostOfLock_IsNotHelp()
    {
        var root = ProxyCommand.Create();
        var parsed = root.Parse(["lock", "-l", "1", "-p", "2", "-h", "example.com"]);

        Assert.Empty(parsed.Errors);
        Assert.IsNotType<HelpAction>(parsed.Action);
        Assert.Contains("--help", root.Subcommands.Single(static command => command.Name == "lock").Description, StringComparison.Ordinal);
    }

    private static IEnumerable<string[]> Paths(Command command, string[] path) =>
        command.Subcommands.SelectMany(child => Paths(child, [.. path, child.Name])).Prepend(path);
}
