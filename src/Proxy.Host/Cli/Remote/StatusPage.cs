using System.Globalization;
using Proxy.Conditions;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Remote;

/// <summary>Formats the state of a running host as text.</summary>
internal sealed class StatusPage(
    StatusAnswer status,
    IReadOnlyList<RouteAnswer> routes,
    IReadOnlyList<ClusterStatus> clusters,
    ConditionsAnswer health,
    HistoryAnswer history
)
{
    public bool IsReady => status.Ready;

    public static async Task<StatusPage> ReadAsync(AdminClient host, CancellationToken cancellationToken) =>
        new(
            await host.GetAsync<StatusAnswer>("api/status", cancellationToken),
            await host.GetAsync<IReadOnlyList<RouteAnswer>>("api/routes", cancellationToken),
            await host.GetAsync<IReadOnlyList<ClusterStatus>>("api/clusters", cancellationToken),
            await host.GetAsync<ConditionsAnswer>("api/conditions", cancellationToken),
            await host.GetAsync<HistoryAnswer>("api/history", cancellationToken)
        );

    public override string ToString()
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        WriteSummary(output);
        output.Write(HealthText.Of(health, status.StartedAt + status.Uptime));
        WriteNotices(output);
        WriteRoutes(output);
        WriteDestinations(output);
        output.Write(HealthText.Of(history.Ends));
        return output.ToString();
    }

    private void WriteSummary(StringWriter output)
    {
        var traffic = status.Connections;
        var state =
            status.Draining ? "draining"
            : status.Ready ? "ready"
            : "starting";
        output.WriteLine(
            $"proxy {status.Version}, {state}, up {Amounts.Time(status.Uptime)}, configuration {status.Revision?.Id ?? "none"}"
        );
        output.WriteLine(
            $"{traffic.Open} connections, {traffic.Ended.Values.Sum()} ended, {Amounts.Bytes(traffic.BytesIn)} in, {Amounts.Bytes(traffic.BytesOut)} out"
        );
    }

    private void WriteNotices(StringWriter output)
    {
        var notices = status
            .Rejected.Select(static problem => $"rejected: {problem.Text}")
            .Concat(status.Pending is { } pending ? [$"waiting: {pending}"] : [])
            .Concat(status.RestartNeeded.Select(static section => $"restart needed: {section} was edited"))
            .Concat(status.ReplacedFiles.Select(static file => $"edits do not arrive: {file} was replaced at the host of its bind mount"))
            .Concat(status.AcceptingPausedSince is { } since ? [$"no client is accepted since {since:u}: descriptors have run out"] : []);
        foreach (var notice in notices)
        {
            output.WriteLine($"! {Printable.Escape(notice)}");
        }
    }

    private void WriteRoutes(StringWriter output)
    {
        var table = new TextTable("ROUTE", "MODE", "TO", "OPEN", "ENDED", "NOT COMPLETED", "IN", "OUT");
        foreach (var route in routes)
        {
            // Of an HTTP route the units are requests.
            var counts = route.Ended ?? route.Requests?.Ended ?? new Dictionary<string, long>();
            var ended = counts.Values.Sum();
            var completed = counts.GetValueOrDefault(nameof(ConnectionOutcome.Completed));
            table.Add(
                route.Id,
                route.Mode,
                route.ClusterId ?? route.Connector ?? "",
                Number(route.Connections ?? route.Requests?.Open ?? 0),
                Number(ended),
                Number(ended - completed),
                Amounts.Bytes(route.BytesIn ?? route.Requests?.BytesIn ?? 0),
                Amounts.Bytes(route.BytesOut ?? route.Requests?.BytesOut ?? 0)
            );
        }

        output.WriteLine();
        table.WriteTo(output);
    }

    private void WriteDestinations(StringWriter output)
    {
        var table = new TextTable("DESTINATION", "ADDRESS", "STATE", "CONNECTIONS");
        foreach (var cluster in clusters)
        {
            foreach (var destination in cluster.Destinations)
            {
                table.Add($"{cluster.Id}/{destination.Id}", destination.Address, State(destination), Number(destination.Connections));
            }
        }

        output.WriteLine();
        table.WriteTo(output);
    }

    private static string State(DestinationStatus destination) =>
        destination.Drained ? "drained"
        : destination.Condition is { Level: ConditionLevel.Down } down ? $"down ({down.Reason})"
        : destination.Condition is { Level: ConditionLevel.Degraded } degraded ? $"degraded ({degraded.Reason})"
        : destination.Condition is { Reason: ConditionReason.NotChecked } ? "not checked"
        : destination.Health.Available ? "available"
        : "unavailable";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
