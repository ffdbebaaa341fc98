using System.CommandLine;
using System.Text.Json.Nodes;
using Proxy.Configuration.Reading;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy reload</c>: makes a running host reload its configuration files, and prints the result.</summary>
internal static class ReloadCommand
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _settled = TimeSpan.FromSeconds(1); // until then the status may still show the rejection of an earlier edit

    public static Command Create() =>
        RemoteCommand.Create(
            "reload",
            "Makes a running host reload its configuration files and prints the result. The host also detects edits by itself.",
            RunAsync
        );

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, TextWriter output, CancellationToken cancellationToken)
    {
        await host.SendAsync<ConfigurationAnswer>(HttpMethod.Post, "api/configuration/reload", null, cancellationToken);
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await Task.Delay(_pause, TimeProvider.System, cancellationToken);
            var status = await host.GetAsync<StatusAnswer>("api/status", cancellationToken);
            var passed = TimeProvider.System.GetElapsedTime(started);
            if (status.Rejected.Count > 0 && passed > _settled)
            {
                return Rejected(status, parsed.InvocationConfiguration.Error);
            }

            if (status.Rejected.Count == 0 && await RunsAsync(host, cancellationToken))
            {
                return Applied(status, output);
            }

            if (passed > _limit)
            {
                throw new AdminException(
                    status.Pending
                        ?? $"The configuration files were not applied within {_limit.TotalSeconds:0} s; see 'proxy status' and the log of the host."
                );
            }
        }
    }

    private static async Task<bool> RunsAsync(AdminClient host, CancellationToken cancellationToken) =>
        (await host.GetAsync<JsonArray>("api/configuration/difference", cancellationToken)).Count == 0;

    private static int Rejected(StatusAnswer status, TextWriter errors)
    {
        foreach (var problem in status.Rejected)
        {
            errors.WriteLine(Printable.Escape(problem.Text));
        }

        return ExitCode.BadInput;
    }

    private static int Applied(StatusAnswer status, TextWriter output)
    {
        output.WriteLine($"configuration {status.Revision?.Id} runs");
        foreach (var section in status.RestartNeeded)
        {
            output.WriteLine($"restart needed: {Printable.Escape(section)} was edited");
        }

        return ExitCode.Ok;
    }
}
