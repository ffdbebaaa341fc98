using System.CommandLine;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;
using Proxy.Locking;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy lock list</c>, <c>pause</c>, <c>resume</c> and <c>permits</c>: the locks of a running host.</summary>
internal static class LockVerbs
{
    private static readonly Argument<string> _route = new("ROUTE") { Description = "The id of the route with the lock." };
    private static readonly Argument<string?> _anyRoute = new("ROUTE")
    {
        Description = "The id of a route, to list the clients of its lock.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Argument<int> _permits = new("NUMBER")
    {
        Description = "The number of clients that may be served at the same time.",
    };

    public static IEnumerable<Command> Create() =>
        [
            RemoteCommand.Create("list", "Lists the locks of a running host, or the clients of one.", ListAsync, _anyRoute),
            RemoteCommand.Create(
                "pause",
                "Makes a lock of a running host admit no further client; clients wait in the queue until 'resume'.",
                static (host, parsed, printer, cancellationToken) =>
                    ChangeAsync(host, parsed, printer, HttpMethod.Post, "pause", null, cancellationToken),
                _route
            ),
            RemoteCommand.Create(
                "resume",
                "Makes a paused lock of a running host admit clients again.",
                static (host, parsed, printer, cancellationToken) =>
                    ChangeAsync(host, parsed, printer, HttpMethod.Post, "resume", null, cancellationToken),
                _route
            ),
            RemoteCommand.Create(
                "permits",
                "Changes how many clients a lock of a running host serves at the same time, until the next edit of its configuration.",
                static (host, parsed, printer, cancellationToken) =>
                    ChangeAsync(
                        host,
                        parsed,
                        printer,
                        HttpMethod.Put,
                        "permits",
                        new PermitsRequest(parsed.GetValue(_permits)),
                        cancellationToken
                    ),
                _route,
                _permits
            ),
        ];

    private static async Task<int> ListAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_anyRoute) is { } route)
        {
            var one = await host.GetAsync<LockStatus>(Path(route), cancellationToken);
            printer.Print(
                one,
                writer =>
                {
                    WriteClients(printer, writer, one);
                    WriteOthers(printer, writer, one);
                }
            );
        }
        else
        {
            Print(printer, await host.GetAsync<IReadOnlyList<LockStatus>>("api/locks", cancellationToken));
        }

        return ExitCode.Ok;
    }

    private static async Task<int> ChangeAsync(
        AdminClient host,
        ParseResult parsed,
        Printer printer,
        HttpMethod method,
        string verb,
        PermitsRequest? request,
        CancellationToken cancellationToken
    )
    {
        using var body = request is null ? null : JsonContent.Create(request, options: ApiJson.Options);
        var changed = await host.SendAsync<LockStatus>(method, $"{Path(parsed.GetValue(_route)!)}/{verb}", body, cancellationToken);
        printer.Print(changed, writer => WriteTable(printer, writer, [changed]));
        return ExitCode.Ok;
    }

    private static string Path(string route) => $"api/locks/{Uri.EscapeDataString(route)}";

    private static void Print(Printer printer, IReadOnlyList<LockStatus> locks) =>
        printer.Print(locks, writer => WriteTable(printer, writer, locks));

    private static void WriteTable(Printer printer, TextWriter writer, IReadOnlyList<LockStatus> locks) =>
        printer.WriteTable(
            writer,
            locks,
            "No lock.",
            new("ROUTE", static one => one.RouteId),
            new("PERMITS", static one => one.Permits),
            new("SERVED", static one => one.Holding.Count),
            new("WAITING", static one => one.Waiting.Count),
            new("STATE", State),
            new("ALL SERVED", static one => Number(one.Shared?.Holding)) { IsWide = true },
            new("ALL WAITING", static one => Number(one.Shared?.Waiting)) { IsWide = true },
            new("QUEUE LIMIT", static one => one.QueueLimit) { IsWide = true },
            new("ACTIVATIONS", static one => one.Activations) { IsWide = true },
            new("SILENT", static one => one.Silent) { IsWide = true }
        );

    private static void WriteClients(Printer printer, TextWriter writer, LockStatus one) =>
        printer.WriteTable(
            writer,
            [.. one.Holding, .. one.Waiting],
            "No client.",
            new("PLACE", static client => client.Position == 0 ? new Cell("served", Tone.Good) : client.Position),
            new("OVERALL", static client => client.SharedPosition is > 0 ? Number(client.SharedPosition) : "") { IsWide = true },
            new("ID", static client => client.ConnectionId),
            new("CLIENT", static client => client.Client),
            new("WAITED", static client => Amounts.Time(client.Waited)),
            new("SERVED FOR", static client => client.Position == 0 ? Amounts.Time(client.Held) : ""),
            new("DESTINATION", static client => client.DestinationId),
            new("PHASE", static client => client.Phase?.ToString()) { IsWide = true },
            new("TOKEN", static client => Number(client.FencingToken)) { IsWide = true }
        );

    private static void WriteOthers(Printer printer, TextWriter writer, LockStatus one)
    {
        if (one.Shared is not { Holders.Count: > 0 } shared)
        {
            return;
        }

        writer.WriteLine();
        printer.WriteTable(
            writer,
            shared.Holders,
            "",
            new("SERVED ON", static holder => holder.Instance),
            new("ID", static holder => holder.ConnectionId),
            new("CLIENT", static holder => holder.Client),
            new("TOKEN", static holder => Number(holder.FencingToken)) { IsWide = true }
        );
    }

    private static Cell Number(long? number) => number is { } known ? known : "";

    private static Cell State(LockStatus one) =>
        one.IsPaused ? new("paused", Tone.Warning)
        : one.IsClosed ? new("removed", Tone.Faint)
        : one.Shared?.State == SharedLockState.Unreachable ? new("engine unreachable", Tone.Bad)
        : one.Shared?.State == SharedLockState.Local ? new("by its own permits", Tone.Warning)
        : one.PausedAfterFailure > TimeSpan.Zero ? new($"pauses {Amounts.Time(one.PausedAfterFailure)} after a failure", Tone.Bad)
        : one.Waiting.Count >= one.QueueLimit ? new("queue full", Tone.Bad)
        : new("admits", Tone.Good);
}
