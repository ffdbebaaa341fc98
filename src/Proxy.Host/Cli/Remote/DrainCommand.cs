using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy drain</c>: stops new connections to a destination, and on request waits until its open connections have ended.</summary>
internal static class DrainCommand
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private static readonly Argument<string> _id = new("ID") { Description = "The destination: CLUSTER/DESTINATION." };
    private static readonly Option<bool> _undo = new("--undo")
    {
        Description = "Ends the drain: the destination gets new connections again.",
    };
    private static readonly Option<int?> _wait = new("--wait")
    {
        Description =
            "Waits at most this many seconds until no connection to the destination is open; exits with 1 if connections are still open.",
    };
    private static readonly Option<bool> _close = new("--close")
    {
        Description = "Closes the open connections to the destination, after the wait if --wait is given.",
    };

    public static Command Create() =>
        RemoteCommand.Create(
            "drain",
            "Stops new connections and requests to a destination of a running host, until --undo or a restart of the host.",
            RunAsync,
            _id,
            _undo,
            _wait,
            _close
        );

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, TextWriter output, CancellationToken cancellationToken)
    {
        var path = Path(parsed.GetValue(_id)!);
        var undo = parsed.GetValue(_undo);
        var state = await host.SendAsync<DestinationStatus>(
            HttpMethod.Post,
            $"{path}/{(undo ? "undrain" : "drain")}",
            null,
            cancellationToken
        );
        var wait = undo ? null : parsed.GetValue(_wait);
        if (wait is { } seconds)
        {
            state = await WaitAsync(host, parsed.GetValue(_id)!, TimeSpan.FromSeconds(seconds), state, cancellationToken);
        }

        await output.WriteLineAsync(
            $"{Printable.Escape(parsed.GetValue(_id)!)} {(state.Drained ? "drained" : "in use")}, {state.Connections} open"
        );
        if (!undo && parsed.GetValue(_close))
        {
            var closed = await host.SendAsync<ClosedAnswer>(HttpMethod.Delete, $"{path}/connections", null, cancellationToken);
            await output.WriteLineAsync($"{closed.Closed} closed");
            return ExitCode.Ok;
        }

        return wait is not null && state.Connections > 0 ? ExitCode.Failed : ExitCode.Ok;
    }

    private static async Task<DestinationStatus> WaitAsync(
        AdminClient host,
        string id,
        TimeSpan limit,
        DestinationStatus state,
        CancellationToken cancellationToken
    )
    {
        var (cluster, destination) = Split(id);
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

    private static string Path(string id)
    {
        var (cluster, destination) = Split(id);
        return $"api/clusters/{Uri.EscapeDataString(cluster)}/destinations/{Uri.EscapeDataString(destination)}";
    }

    private static (string Cluster, string Destination) Split(string id) =>
        id.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 && slash < id.Length - 1
            ? (id[..slash], id[(slash + 1)..])
            : throw new AdminException(
                $"'{id}' is not the id of a destination; write CLUSTER/DESTINATION, as 'proxy status' shows it.",
                ExitCode.BadInput
            );
}
