using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Etcd.Documents;
using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Documents;

/// <summary>Creates commands on documents that hosts share: adds the options for the connection, and prints a failure as one line.</summary>
internal static class DocumentCommand
{
    internal delegate Task<int> Work(DocumentSession session, ParseResult parsed, Printer printer, CancellationToken cancellationToken);

    public static Command Create(string name, string description, Work work, params ReadOnlySpan<Symbol> symbols)
    {
        var command = new Command(name, description);
        var options = new DocumentOptions();
        var output = new OutputOption();
        options.AddTo(command);
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

        output.AddTo(command);
        command.SetAction((parsed, token) => ReportAsync(parsed, () => RunAsync(options, parsed, output.PrinterFor(parsed), work, token)));
        return command;
    }

    /// <summary>Runs a command, prints a failure, and returns the exit code of the program.</summary>
    public static async Task<int> ReportAsync(ParseResult parsed, Func<Task<int>> work)
    {
        var errors = parsed.InvocationConfiguration.Error;
        try
        {
            return await work();
        }
        catch (DocumentException exception)
        {
            await errors.WriteLineAsync(Printable.Escape(exception.Message));
            return exception.IsInput ? ExitCode.BadInput : ExitCode.Failed;
        }
        catch (InvalidConfigException exception)
        {
            await errors.WriteLineAsync(exception.Message);
            return ExitCode.BadInput;
        }
        catch (OperationCanceledException)
        {
            await errors.WriteLineAsync("The command was interrupted.");
            return ExitCode.Failed;
        }
    }

    private static async Task<int> RunAsync(
        DocumentOptions options,
        ParseResult parsed,
        Printer printer,
        Work work,
        CancellationToken cancellationToken
    )
    {
        using var signals = new StopSignals();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(signals.Token, cancellationToken);
        var name = options.Name(parsed);
        var sources = options.Sources(parsed);
        await using var shared = await SharedConfiguration.ReadAsync(sources, except: name, EngineConnection.ForCommand, either.Token);
        return await work(new(name, sources, shared), parsed, printer, either.Token);
    }
}
