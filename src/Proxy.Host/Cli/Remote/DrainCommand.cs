using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy drain</c>: stops new connections to a destination, and on request waits until its open connections have ended.</summary>
internal static class DrainCommand
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private static readonly Argument<string> _id = DestinationId.Argument();
    private static readonly Option<bool> _undo = new("--undo") { Description = "The same as 'undrain'." };
    private static readonly Option<int?> _wait = new("--wait")
    {
        Description =
            "Waits at most this many seconds until no connection to the destination is open; exits with 1 if connections are still open.",
    };
    private static readonly Option<bool> _close = new("--close")
    {
        Description = "Closes the open connections to the destination, after the wait if --wait is given.",
    };

    public static IEnumerable<Command> Create() =>
        [
            RemoteCommand.Create(
                "drain",
                "Stops new connections and requests to a destination of a running host, until 'undrain' or a restart of the host.",
                RunAsync,
                _id,
                _undo,
                _wait,
                _close
            ),
            RemoteCommand.Create(
                "undrain",
                "Ends the drain of a destination of a running host: it gets new connections and requests again.",
                UndoAsync,
                _id
            ),
        ];

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_undo))
        {
            return await UndoAsync(host, parsed, printer, cancellationToken);
        }

        var id = parsed.GetValue(_id)!;
        var path = DestinationId.Path(id);
        var state = await host.SendAsync<DestinationStatus>(HttpMethod.Post, $"{path}/drain", null, cancellationToken);
        var wait = parsed.GetValue(_wait);
        if (wait is { } seconds)
        {
            state = await WaitAsync(host, id, TimeSpan.FromSeconds(seconds), state, cancellationToken);
        }

        var closed = parsed.GetValue(_close)
            ? await host.SendAsync<ClosedAnswer>(HttpMethod.Delete, $"{path}/connections", null, cancellationToken)
            : null;
        printer.Print(new DrainResult(state, closed?.Closed), writer => Write(writer, id, state, closed));
        return closed is null && wait is not null && state.Connections > 0 ? ExitCode.Failed : ExitCode.Ok;
    }

    private static async Task<int> UndoAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        var id = parsed.GetValue(_id)!;
        var state = await host.SendAsync<DestinationStatus>(HttpMethod.Post, $"{DestinationId.Path(id)}/undrain", null, cancellationToken);
        printer.Print(new DrainResult(state, null), writer => Write(writer, id, state, null));
        return ExitCode.Ok;
    }

    private static void Write(TextWriter writer, string id, DestinationStatus state, ClosedAnswer? closed)
    {
        writer.WriteLine($"{Printable.Escape(id)} {(state.Drained ? "drained" : "in use")}, {state.Connections} open");
        if (closed is not null)
        {
            writer.WriteLine($"{closed.Closed} closed");
        }
    }

    private static async Task<DestinationStatus> WaitAsync(
        AdminClient host,
        string id,
        TimeSpan limit,
        DestinationStatus state,
        CancellationToken cancellationToken
    )
    {
        var (cluster, destination) = DestinationId.Split(id);
        var started = TimeProvider.System.GetTimestamp();
        while (state.Connections > 0 && TimeProvider.System.GetElapsedTime(started) < limit)
        {
            await Task.Delay(_pause, TimeProvider.System, cancellationToken);
            var found = await host.GetAsync<ClusterStatus>($"api/clusters/{Uri.EscapeDataString(cluster)}", cancellationToken);
            state =
                found.Destinations.FirstOrDefault(candidate => candidate.Id.Equals(destination, StringComparison.OrdinalIgnoreCase))
                ?? throw new AdminException($"The destination '{id}' was removed from the configuration while it drained.");
        }

        return state;
    }

    /// <summary>The result of a drain.</summary>
    /// <param name="Destination">The destination, as the API describes it.</param>
    /// <param name="Closed">How many connections were closed; null if none were to be.</param>
    private sealed record DrainResult(DestinationStatus Destination, int? Closed);
}
