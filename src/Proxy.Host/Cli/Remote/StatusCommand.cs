using System.CommandLine;
using Proxy.Conditions;
using Proxy.Configuration.Reading;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy status</c>: prints the state of a running host; with <c>--watch</c> every two seconds.</summary>
internal static class StatusCommand
{
    private const string ClearScreen = "\u001b[H\u001b[J";
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);
    private static readonly Option<bool> _watch = new("--watch") { Description = "Shows the status every two seconds, until Ctrl+C." };

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

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, TextWriter output, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_check))
        {
            return await CheckAsync(host, output, cancellationToken);
        }

        if (parsed.GetValue(_watch))
        {
            await WatchAsync(host, output, cancellationToken);
        }

        var page = await StatusPage.ReadAsync(host, cancellationToken);
        await output.WriteAsync(page.ToString());
        return page.IsReady ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task<int> CheckAsync(AdminClient host, TextWriter output, CancellationToken cancellationToken)
    {
        var status = await host.GetAsync<StatusAnswer>("api/status", cancellationToken);
        var health = await host.GetAsync<ConditionsAnswer>("api/conditions", cancellationToken);
        await output.WriteAsync(HealthText.Of(health, status.StartedAt + status.Uptime));
        return health.Level == ConditionLevel.Down ? ExitCode.Down
            : status.Ready ? ExitCode.Ok
            : ExitCode.Failed;
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
