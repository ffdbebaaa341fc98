using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy status</c>: prints the state of a running host; with <c>--watch</c> every two seconds.</summary>
internal static class StatusCommand
{
    private const string ClearScreen = "\u001b[H\u001b[J";
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);
    private static readonly Option<bool> _watch = new("--watch")
    {
        Description = "Prints every two seconds, until Ctrl+C; with -o json one line each time.",
    };

    private static readonly Option<bool> _check = new("--check")
    {
        Description = "Prints only what is wrong; the exit code is 3 if something is down.",
    };

    public static Command Create() =>
        RemoteCommand.Create(
            "status",
            "Shows the state of a running host: what is wrong, since when and why; traffic, routes, destinations, and what failed last.",
            RunAsync,
            _watch,
            _check
        );

    private static Task<int> RunAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken) =>
        parsed.GetValue(_check)
            ? RunAsync(parsed, printer, token => StatusCheck.ReadAsync(host, token), cancellationToken)
            : RunAsync(parsed, printer, token => StatusPage.ReadAsync(host, token), cancellationToken);

    private static async Task<int> RunAsync<T>(
        ParseResult parsed,
        Printer printer,
        Func<CancellationToken, Task<T>> read,
        CancellationToken cancellationToken
    )
        where T : IStatusText
    {
        if (parsed.GetValue(_watch))
        {
            await WatchAsync(parsed, printer, read, cancellationToken);
        }

        var answer = await read(cancellationToken);
        printer.Print(answer, writer => answer.WriteTo(writer, printer));
        return answer.ToExitCode();
    }

    // If the host does not answer, for example during a restart, the reason is shown and the next request may succeed.
    private static async Task WatchAsync<T>(
        ParseResult parsed,
        Printer printer,
        Func<CancellationToken, Task<T>> read,
        CancellationToken cancellationToken
    )
        where T : IStatusText
    {
        var clear = Console.IsOutputRedirected ? "" : ClearScreen;
        while (true)
        {
            try
            {
                var answer = await read(cancellationToken);
                printer.PrintNext(
                    answer,
                    writer =>
                    {
                        writer.Write(clear);
                        answer.WriteTo(writer, printer);
                        writer.WriteLine();
                    }
                );
            }
            catch (AdminException exception) when (exception.ExitCode == ExitCode.Failed)
            {
                var output = parsed.InvocationConfiguration;
                var reason = Printable.Escape(exception.Message);
                await (printer.IsJson ? output.Error : output.Output).WriteLineAsync(printer.IsJson ? reason : $"{clear}{reason}\n");
            }

            await Task.Delay(_pause, TimeProvider.System, cancellationToken);
        }
    }
}
