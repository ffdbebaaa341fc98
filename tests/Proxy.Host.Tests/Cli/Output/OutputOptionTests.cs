using System.CommandLine;
using Proxy.Host.Cli;

namespace Proxy.Host.Tests.Cli.Output;

public sealed class OutputOptionTests
{
    // run, demo, forward, lock and multiplex run a host; schema, completion and init print files; config has commands below it.
    private static readonly string[] _without =
    [
        "proxy",
        "run",
        "demo",
        "forward",
        "lock",
        "multiplex",
        "schema",
        "completion",
        "init",
        "config",
    ];

    [Fact]
    public void Create_EveryCommandThatPrints_HasTheOption() =>
        Assert.Empty(
            All(ProxyCommand.Create())
                .Where(static command => !_without.Contains(command is RootCommand ? "proxy" : command.Name))
                .Where(static command => !command.Options.Any(static option => option.Aliases.Contains("-o")))
                .Select(static command => command.Name)
        );

    [Theory]
    [InlineData("tabel")]
    [InlineData("1")]
    [InlineData("")]
    public void Parse_UnknownFormat_IsAnError(string format) =>
        Assert.NotEmpty(ProxyCommand.Create().Parse(["protocols", "-o", format]).Errors);

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
