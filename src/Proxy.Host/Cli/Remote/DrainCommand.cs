using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Engine;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Remote;

/// <summary>
/// <c>proxy drain</c>: stops new connections to a destination, and on request waits until its open connections have ended; or new tunnels to a member.
/// </summary>
internal static class DrainCommand
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private static readonly Argument<string?> _id = DestinationId.OptionalArgument();
    private static readonly Option<string?> _member = new("--member")
    {
        Description = "A member of the group instead of a destination, as in 'proxy members'.",
    };
    private static readonly Option<bool> _allHosts = new("--all-hosts")
    {
        Description = "For all hosts that share the engine, those too that are started later, and until it is ended for all of them.",
    };
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
                _member,
                _allHosts,
                _undo,
                _wait,
                _close
            ),
            RemoteCommand.Create(
                "undrain",
                "Ends the drain of a destination of a running host: it gets new connections and requests again.",
                UndoAsync,
                _id,
                _member,
                _allHosts
            ),
        ];

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_undo))
        {
            return await UndoAsync(host, parsed, printer, cancellationToken);
        }

        var (wait, isClosed, allHosts) = (parsed.GetValue(_wait), parsed.GetValue(_close), parsed.GetValue(_allHosts));
        if (Target(parsed) is { Member: { } member })
        {
            return wait is not null || isClosed
                ? throw new AdminException("--wait and --close are for destinations.", ExitCode.BadInput)
                : await MemberDrain.RunAsync(host, member, "drain", allHosts, printer, cancellationToken);
        }

        var id = parsed.GetValue(_id)!;
        var path = DestinationId.Path(id);
        var state = await host.SendAsync<DestinationStatus>(HttpMethod.Post, $"{path}/drain{Query(allHosts)}", null, cancellationToken);
        if (wait is { } seconds)
        {
            state = await WaitAsync(host, id, TimeSpan.FromSeconds(seconds), state, cancellationToken);
        }

        var closed = isClosed
            ? await host.SendAsync<ClosedAnswer>(HttpMethod.Delete, $"{path}/connections", null, cancellationToken)
            : null;
        printer.Print(new DrainResult(state, closed?.Closed), writer => Write(writer, id, state, closed));
        return closed is null && wait is not null && state.Connections > 0 ? ExitCode.Failed : ExitCode.Ok;
    }

    /// <summary>The query of the API.</summary>
    public static string Query(bool allHosts) => allHosts ? "?allHosts=true" : "";

    /// <summary>The state of what may be drained here, for all hosts, or both.</summary>
    public static string Word(bool drained, bool here, DrainOrder? forAll) =>
        !drained ? "in use"
        : forAll is null ? "drained"
        : here ? "drained here and for all hosts"
        : "drained for all hosts";

    private static async Task<int> UndoAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        var allHosts = parsed.GetValue(_allHosts);
        if (Target(parsed) is { Member: { } member })
        {
            return await MemberDrain.RunAsync(host, member, "undrain", allHosts, printer, cancellationToken);
        }

        var id = parsed.GetValue(_id)!;
        var path = $"{DestinationId.Path(id)}/undrain{Query(allHosts)}";
        var state = await host.SendForAsync<DestinationStatus>(HttpMethod.Post, path, cancellationToken);
        printer.Print(new DrainResult(state, null), writer => Write(writer, id, state, null));
        return ExitCode.Ok;
    }

    private static (string? Destination, string? Member) Target(ParseResult parsed) =>
        (parsed.GetValue(_id), parsed.GetValue(_member)) switch
        {
            (null, null) => throw new AdminException(
                "Name a destination as CLUSTER/DESTINATION, or a member with --member.",
                ExitCode.BadInput
            ),
            (not null, not null) => throw new AdminException("Name either a destination or a member.", ExitCode.BadInput),
            var target => target,
        };

    private static void Write(TextWriter writer, string id, DestinationStatus? state, ClosedAnswer? closed)
    {
        writer.WriteLine(
            state is null
                ? $"{Printable.Escape(id)} is not drained for all hosts; this host has no such destination"
                : $"{Printable.Escape(id)} {Word(state.Drained, state.DrainedHere, state.DrainedForAll)}, {state.Connections} open"
        );
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
    /// <param name="Destination">The destination, as the API describes it; null if the host has none of that name.</param>
    /// <param name="Closed">How many connections were closed; null if none were to be.</param>
    private sealed record DrainResult(DestinationStatus? Destination, int? Closed);
}
