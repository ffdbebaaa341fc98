using System.CommandLine;
using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;
using Proxy.Multiplexing;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy multiplex list</c> and <c>renew</c>: the multiplexed destinations of a running host.</summary>
internal static class MultiplexVerbs
{
    private static readonly Argument<string> _id = DestinationId.Argument();

    public static IEnumerable<Command> Create() =>
        [
            RemoteCommand.Create(
                "list",
                "Lists the multiplexed destinations of a running host: clients, requests, connections and the last error.",
                ListAsync
            ),
            RemoteCommand.Create(
                "renew",
                "Replaces the connections to a multiplexed destination of a running host, each one after its current exchange.",
                RenewAsync,
                _id
            ),
        ];

    private static async Task<int> ListAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        var all = await host.GetAsync<IReadOnlyList<MultiplexStatus>>("api/multiplex", cancellationToken);
        printer.Print(all, writer => WriteTable(printer, writer, all));
        return ExitCode.Ok;
    }

    private static async Task<int> RenewAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        var (cluster, destination) = DestinationId.Split(parsed.GetValue(_id)!);
        var path = $"api/multiplex/{Uri.EscapeDataString(cluster)}/{Uri.EscapeDataString(destination)}/renew";
        var renewed = await host.SendAsync<MultiplexStatus>(HttpMethod.Post, path, null, cancellationToken);
        printer.Print(renewed, writer => WriteTable(printer, writer, [renewed]));
        return ExitCode.Ok;
    }

    private static void WriteTable(Printer printer, TextWriter writer, IReadOnlyList<MultiplexStatus> all) =>
        printer.WriteTable(
            writer,
            all,
            "No multiplexed destination.",
            new("DESTINATION", static one => $"{one.ClusterId}/{one.DestinationId}"),
            new("PROTOCOL", static one => one.Protocol),
            new("CONNECTION", Connection),
            new("CLIENTS", static one => one.Clients.Count),
            new("WAITING", static one => one.Queued),
            new("IN FLIGHT", static one => one.Upstreams.Sum(static upstream => upstream.InFlight)),
            new("REQUESTS", static one => one.Requests.Values.Sum()),
            new("SUSPENDED", Suspended),
            new("LAST ERROR", static one => one.Errors is [var newest, ..] ? $"{newest.At:u} {newest.Reason}" : ""),
            new("ADDRESS", static one => one.Address) { IsWide = true },
            new("OUTCOMES", static one => string.Join(", ", one.Requests.Select(static pair => $"{pair.Key} {pair.Value}")))
            {
                IsWide = true,
            }
        );

    private static Cell Connection(MultiplexStatus one) =>
        one.RetryIn > TimeSpan.Zero ? new Cell($"failed, tried again in {Amounts.Time(one.RetryIn)}", Tone.Bad)
        : one.Upstreams.Count == 0 ? new Cell("none", Tone.Faint)
        : string.Join(", ", one.Upstreams.CountBy(static upstream => upstream.State).Select(static pair => $"{pair.Key} {pair.Value}"));

    private static Cell Suspended(MultiplexStatus one) =>
        string.Join(", ", one.SuspendedUnits.Select(static unit => $"unit {unit}").Concat(one.SuspendedRequests)) is { Length: > 0 } text
            ? new Cell(text, Tone.Bad)
            : "";
}
