using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy status</c>: prints the state of a running host; with <c>--watch</c> every two seconds.</summary>
internal static class StatusCommand
{
    private const string ClearScreen = "\u001b[H\u001b[J";
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);
    private static readonly Option<bool> _watch = new("--watch") { Description = "Shows the status every two seconds, until Ctrl+C." };

    public static Command Create() =>
        RemoteCommand.Create(
            "status",
            "Shows the state of a running host: traffic, routes, destinations, rejected edits and needed restarts.",
            RunAsync,
            _watch
        );

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, TextWriter output, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_watch))
        {
            await WatchAsync(host, output, cancellationToken);
        }

        var page = await StatusPage.ReadAsync(host, cancellationToken);
        await output.WriteAsync(page.ToString());
        return page.IsReady ? ExitCode.Ok : ExitCode.Failed;
    }

    // If the host does not answer, for example during a restart, the reason is shown and the next request may succeed.
    private static async Task WatchAsync(AdminClient host, TextWriter output, CancellationToken cancellationToken)
    {
        var clear = Console.IsOutputRedirected ? "" : ClearScreen;
        while (true)
        {
            await output.WriteAsync($"{clear}{await PageAsync(host, cancellationToken)}\n");
            await output.FlushAsync(cancellationToken);
            await Task.Delay(_pause, TimeProvider.System, cancellationToken);
        }
    }

    private static async Task<string> PageAsync(AdminClient host, CancellationToken cancellationToken)
    {
        try
        {
            return (await StatusPage.ReadAsync(host, cancellationToken)).ToString();
        }
        catch (AdminException exception) when (exception.ExitCode == ExitCode.Failed)
        {
            return $"{Printable.Escape(exception.Message)}\n";
        }
    }
}
