using System.CommandLine;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Output;

/// <summary>The option <c>-o</c>, which every command that prints a result has.</summary>
internal sealed class OutputOption
{
    private readonly Option<string> _format = new("--output", "-o")
    {
        Description = "How the result is printed: table, wide (a table with more columns) or json (as in the admin API, for programs).",
        DefaultValueFactory = static _ => "table",
    };

    public OutputOption() => _format.AcceptOnlyFromAmong("table", "wide", "json");

    public void AddTo(Command command) => command.Add(_format);

    /// <summary>The printer for a command line.</summary>
    public Printer PrinterFor(ParseResult parsed) =>
        new(
            parsed.InvocationConfiguration.Output,
            Enum.Parse<OutputFormat>(parsed.GetValue(_format)!, ignoreCase: true),
            TerminalColors.Output
        );
}
