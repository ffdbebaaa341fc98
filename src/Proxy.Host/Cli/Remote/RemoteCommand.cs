using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary>Creates commands that connect to a running host: adds the options for the connection, and prints a failure as one line.</summary>
internal static class RemoteCommand
{
    internal delegate Task<int> Work(AdminClient host, ParseResult parsed, TextWriter output, CancellationToken cancellationToken);

    internal delegate Task<int> PrintingWork(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken);

    /// <summary>Creates a command that prints its result in one of the formats of <c>-o</c>.</summary>
    public static Command Create(string name, string description, PrintingWork work, params ReadOnlySpan<Symbol> symbols)
    {
        var output = new OutputOption();
        var command = Create(
            name,
            description,
            (AdminClient host, ParseResult parsed, TextWriter _, CancellationToken cancellationToken) =>
                work(host, parsed, output.PrinterFor(parsed), cancellationToken),
            symbols
        );
        output.AddTo(command);
        return command;
    }

    /// <summary>Creates a command that writes its result itself.</summary>
    public static Command Create(string name, string description, Work work, params ReadOnlySpan<Symbol> symbols)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)symbol);
            }
        }

        var admin = new AdminOptions();
        admin.AddTo(command);
        command.SetAction((parsed, token) => RunAsync(parsed, admin, work, token));
        return command;
    }

    /// <summary>Runs a command, prints a failure as one line, and returns the exit code of the program.</summary>
    public static async Task<int> ReportAsync(ParseResult parsed, Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (AdminException exception)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync(Printable.Escape(exception.Message));
            return exception.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok; // Ctrl+C
        }
    }

    private static Task<int> RunAsync(ParseResult parsed, AdminOptions admin, Work work, CancellationToken cancellationToken) =>
        ReportAsync(
            parsed,
            async () =>
            {
                using var host = admin.Connect(parsed);
                return await work(host, parsed, parsed.InvocationConfiguration.Output, cancellationToken);
            }
        );
}
