using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Remote;

/// <summary>The state of a running host, as <c>proxy status</c> prints it.</summary>
/// <param name="Status">As in <c>/api/status</c>.</param>
/// <param name="Routes">As in <c>/api/routes</c>.</param>
/// <param name="Clusters">As in <c>/api/clusters</c>.</param>
/// <param name="Health">As in <c>/api/conditions</c>.</param>
/// <param name="History">As in <c>/api/history</c>.</param>
internal sealed record StatusPage(
    StatusAnswer Status,
    IReadOnlyList<RouteAnswer> Routes,
    IReadOnlyList<ClusterStatus> Clusters,
    ConditionsAnswer Health,
    HistoryAnswer History
) : IStatusText
{
    public static async Task<StatusPage> ReadAsync(AdminClient host, CancellationToken cancellationToken) =>
        new(
            await host.GetAsync<StatusAnswer>("api/status", cancellationToken),
            await host.GetAsync<IReadOnlyList<RouteAnswer>>("api/routes", cancellationToken),
            await host.GetAsync<IReadOnlyList<ClusterStatus>>("api/clusters", cancellationToken),
            await host.GetAsync<ConditionsAnswer>("api/conditions", cancellationToken),
            await host.GetAsync<HistoryAnswer>("api/history", cancellationToken)
        );

    public void WriteTo(TextWriter writer, Printer printer)
    {
        WriteSummary(writer, printer);
        WriteEngine(writer, printer);
        HealthText.WriteConditions(writer, printer, Health, Status.StartedAt + Status.Uptime);
        WriteNotices(writer, printer);
        writer.WriteLine();
        printer.WriteTable(writer, Routes, "No route.", HostColumns.Routes);
        writer.WriteLine();
        printer.WriteTable(writer, HostColumns.Rows(Clusters), "No destination.", HostColumns.Destinations);
        HealthText.WriteEnds(writer, printer, History.Ends);
    }

    public int ToExitCode() => Status.Ready ? ExitCode.Ok : ExitCode.Failed;

    private void WriteSummary(TextWriter writer, Printer printer)
    {
        var traffic = Status.Connections;
        var state =
            Status.Draining ? printer.Colors.Warning("draining")
            : Status.Ready ? printer.Colors.Good("ready")
            : printer.Colors.Warning("starting");
        writer.WriteLine(
            $"proxy {Status.Version}, {state}, up {Amounts.Time(Status.Uptime)}, configuration {Status.Revision?.Id ?? "none"}"
        );
        writer.WriteLine(
            $"{traffic.Open} connections, {traffic.Ended.Values.Sum()} ended, {Amounts.Bytes(traffic.BytesIn)} in, {Amounts.Bytes(traffic.BytesOut)} out"
        );
    }

    private void WriteEngine(TextWriter writer, Printer printer)
    {
        if (Status.Engine is { } engine)
        {
            var now = Status.StartedAt + Status.Uptime;
            var state = engine.ConnectedSince is { } since
                ? $"{Printable.Escape(engine.Endpoint)} answers since {Amounts.Time(now - since)}"
                : printer.Colors.Warning("does not answer");
            var lease = engine.LeaseLeft is { } left ? $"lease {Amounts.Time(left)}" : printer.Colors.Warning("no lease");
            writer.WriteLine($"engine {engine.Name}: {state}, {lease}, revision {engine.Revision}, {engine.RevisionLag} behind");
        }
    }

    private void WriteNotices(TextWriter writer, Printer printer)
    {
        var notices = Status
            .Rejected.Select(static problem => $"rejected: {problem.Text}")
            .Concat(Status.Pending is { } pending ? [$"waiting: {pending}"] : [])
            .Concat(Status.RestartNeeded.Select(static section => $"restart needed: {section} was edited"))
            .Concat(Status.ReplacedFiles.Select(static file => $"edits do not arrive: {file} was replaced at the host of its bind mount"))
            .Concat(Status.AcceptingPausedSince is { } since ? [$"no client is accepted since {since:u}: descriptors have run out"] : []);
        foreach (var notice in notices)
        {
            writer.WriteLine($"{printer.Colors.Warning("!")} {Printable.Escape(notice)}");
        }
    }
}
