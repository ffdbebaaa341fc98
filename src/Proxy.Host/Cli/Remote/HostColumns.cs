using System.Globalization;
using Proxy.Conditions;
using Proxy.Diagnostics;
using Proxy.Engine;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Revisions;
using Yarp.ReverseProxy.Model;

namespace Proxy.Host.Cli.Remote;

/// <summary>The columns of what <c>proxy status</c> and the commands that list show alike.</summary>
internal static class HostColumns
{
    public static Column<RouteAnswer>[] Routes { get; } =
    [
        new("ROUTE", static route => route.Id),
        new("MODE", static route => route.Mode),
        new("TO", static route => route.ClusterId ?? route.Connector),
        new("OPEN", static route => route.Connections ?? route.Requests?.Open ?? 0),
        new("ENDED", static route => Ended(route).Values.Sum()),
        new("NOT COMPLETED", NotCompleted),
        new("IN", static route => Amounts.Bytes(route.BytesIn ?? route.Requests?.BytesIn ?? 0)),
        new("OUT", static route => Amounts.Bytes(route.BytesOut ?? route.Requests?.BytesOut ?? 0)),
        new("ENDPOINTS", static route => string.Join(", ", route.Endpoints)) { IsWide = true },
        new("CERTIFICATES UNTIL", Certificates) { IsWide = true },
        new("OUTCOMES", static route => string.Join(", ", Ended(route).Select(static pair => $"{pair.Key} {pair.Value}")))
        {
            IsWide = true,
        },
    ];

    public static Column<(ClusterStatus Cluster, DestinationStatus One)>[] Destinations { get; } =
    [
        new("DESTINATION", static row => $"{row.Cluster.Id}/{row.One.Id}"),
        new("ADDRESS", static row => row.One.Address),
        new("STATE", static row => State(row.One)),
        new("OPEN", static row => row.One.Connections),
        new("ACTIVE CHECK", static row => Result(row.One, "Active", row.One.Health.Active)) { IsWide = true },
        new("PASSIVE CHECK", static row => Result(row.One, "Passive", row.One.Health.Passive)) { IsWide = true },
        new("POLICY", static row => row.Cluster.Policy) { IsWide = true },
        new("TLS", static row => TlsOf(row.Cluster)) { IsWide = true },
        new("DRAINED BY", static row => DrainedBy(row.One.DrainedHere, row.One.DrainedForAll)) { IsWide = true },
    ];

    public static Column<Condition>[] Conditions { get; } =
    [
        new("LEVEL", static one => new(one.Level.ToString(), ToneOf(one.Level))),
        new("KIND", static one => one.Kind.ToString()),
        new("ID", static one => one.Id),
        new("REASON", static one => one.Reason == ConditionReason.None ? "" : one.Reason.ToString()),
        new("SINCE", static one => one.Since?.ToString("u", CultureInfo.InvariantCulture)),
        new("COUNT", static one => one.Count) { IsWide = true },
        new("LAST ERROR", static one => one.LastError),
    ];

    public static Column<RecentEnd>[] Ends { get; } =
    [
        new("FAILED LAST", static end => end.EndedAt.ToString("u", CultureInfo.InvariantCulture)),
        new("OUTCOME", static end => end.Status is { } status ? $"{end.Outcome} {status}" : end.Outcome.ToString()),
        new("ROUTE", static end => end.Route),
        new("DESTINATION", static end => end.Destination is { } destination ? $"{end.Cluster}/{destination}" : end.Cluster),
        new("CLIENT", static end => end.Client),
        new("AFTER", static end => Amounts.Time(end.Duration)),
        new("ID", static end => end.Id),
        new("IN", static end => end.BytesIn is { } bytes ? Amounts.Bytes(bytes) : "") { IsWide = true },
        new("OUT", static end => end.BytesOut is { } bytes ? Amounts.Bytes(bytes) : "") { IsWide = true },
        new("QUEUED", static end => Amounts.Time(end.Queued)) { IsWide = true },
        new("CONNECTING", static end => Amounts.Time(end.Connecting)) { IsWide = true },
        new("REQUEST", static end => end.Request) { IsWide = true },
        new("REASON", static end => end.Reason) { IsWide = true },
    ];

    /// <summary>Who drains a destination or a member: this host, or all hosts and at whose request.</summary>
    public static string DrainedBy(bool here, DrainOrder? forAll) =>
        string.Join(
            ", ",
            (string[])
                [
                    .. here ? ["this host"] : Array.Empty<string>(),
                    .. forAll is null ? [] : (string[])[$"all hosts ({FleetCommand.By(forAll)}{(forAll.At is { } at ? $", {at:u}" : "")})"],
                ]
        );

    /// <summary>A row for each destination.</summary>
    public static IReadOnlyList<(ClusterStatus Cluster, DestinationStatus One)> Rows(IReadOnlyList<ClusterStatus> clusters) =>
        [.. clusters.SelectMany(static cluster => cluster.Destinations.Select(one => (cluster, one)))];

    /// <summary>What a level means, for colors.</summary>
    public static Tone ToneOf(ConditionLevel level) =>
        level switch
        {
            ConditionLevel.Ok => Tone.Good,
            ConditionLevel.Degraded => Tone.Warning,
            _ => Tone.Bad,
        };

    // The first that ends, which an operator has to care for first; the others are in the API.
    private static Cell Certificates(RouteAnswer route) =>
        route.Tls?.Certificates.MinBy(static one => one.NotAfter) is { } first
            ? new(first.NotAfter.ToString("u", CultureInfo.InvariantCulture), first.Problem is not null ? Tone.Warning : Tone.Plain)
            : new("");

    private static Cell TlsOf(ClusterStatus cluster) =>
        cluster.Tls is not { } tls ? new("")
        : tls.AllowInvalid ? new("not verified", Tone.Warning)
        : new("verified");

    // Of an HTTP route the units are requests.
    private static IReadOnlyDictionary<string, long> Ended(RouteAnswer route) =>
        route.Ended ?? route.Requests?.Ended ?? new Dictionary<string, long>();

    private static Cell NotCompleted(RouteAnswer route)
    {
        var count = Ended(route).Where(static pair => pair.Key != nameof(ConnectionOutcome.Completed)).Sum(static pair => pair.Value);
        return (Cell)count with { Tone = count > 0 ? Tone.Warning : Tone.Plain };
    }

    // A check that is off has no result; Unknown would look as if it were still to come.
    private static string Result(DestinationStatus destination, string check, DestinationHealth result) =>
        destination.Checks.Contains(check, StringComparison.Ordinal) ? result.ToString() : "Off";

    private static Cell State(DestinationStatus destination) =>
        destination.DrainedForAll is not null ? new("drained for all hosts", Tone.Warning)
        : destination.Drained ? new("drained", Tone.Warning)
        : destination.Condition is { Level: ConditionLevel.Down } down ? new($"down ({down.Reason})", Tone.Bad)
        : destination.Condition is { Level: ConditionLevel.Degraded } degraded ? new($"degraded ({degraded.Reason})", Tone.Warning)
        : destination.Condition is { Reason: ConditionReason.NotChecked } ? new("not checked", Tone.Faint)
        : destination.Health.Available ? new("available", Tone.Good)
        : new("unavailable", Tone.Bad);
}
