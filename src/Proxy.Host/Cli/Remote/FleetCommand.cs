using System.CommandLine;
using System.Globalization;
using Proxy.Engine;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy fleet</c>: the hosts of the fleet of a running host, and what all of them drain.</summary>
internal static class FleetCommand
{
    public static Command Create() =>
        RemoteCommand.Create(
            "fleet",
            "Lists the hosts that share the engine of a running host, which configuration each runs, and what all hosts drain.",
            static async (host, _, printer, cancellationToken) =>
            {
                var fleet = await host.GetAsync<FleetAnswer>("api/fleet", cancellationToken);
                printer.Print(fleet, writer => Write(writer, printer, fleet));
                return ExitCode.Ok;
            }
        );

    private static void Write(TextWriter writer, Printer printer, FleetAnswer fleet)
    {
        printer.WriteTable(
            writer,
            fleet.Hosts,
            "No host is registered.",
            new("HOST", host => host.Instance == fleet.Instance ? $"{host.Instance} *" : host.Instance),
            new("VERSION", static host => host.Version),
            new("REVISION", host => Revision(host, fleet.UsualRevision)),
            new("SINCE", static host => Time(host.AppliedAt)),
            new("DOCUMENTS", Documents),
            new("HEALTH", Health),
            new("STARTED", static host => Time(host.StartedAt)) { IsWide = true },
            new("BEHIND SINCE", static host => Time(host.BehindSince)) { IsWide = true },
            new("ADMIN", static host => host.AdminAddress) { IsWide = true }
        );
        if (fleet.Drains.Count > 0)
        {
            writer.WriteLine();
            printer.WriteTable(
                writer,
                fleet.Drains,
                "",
                new(
                    "DRAINED BY ALL HOSTS",
                    static one => one.Member is { } member ? $"member {member}" : $"{one.Cluster}/{one.Destination}"
                ),
                new("SINCE", static one => Time(one.By.At)),
                new("BY", static one => By(one.By))
            );
        }

        if (fleet.Rival is { } rival)
        {
            writer.WriteLine(
                printer.Colors.Bad($"Another process (epoch {rival.Epoch}) is registered as {fleet.Instance}; this host is not listed.")
            );
        }

        if (fleet.StaleSince is { } since)
        {
            writer.WriteLine(printer.Colors.Warning($"The list may be out of date: the engine has not answered since {Time(since)}."));
        }
    }

    /// <summary>Who has all hosts drain something.</summary>
    public static string By(DrainOrder order) =>
        (order.Client, order.Host) switch
        {
            (null, null) => "unknown",
            (null, { } host) => $"at {host}",
            ({ } client, null) => client,
            var (client, host) => $"{client} at {host}",
        };

    private static Cell Revision(FleetHost host, string? usual) =>
        host.Revision is { } revision ? new(revision, usual is null || revision == usual ? Tone.Plain : Tone.Warning)
        : host.Version is null ? new("unknown", Tone.Warning)
        : new("none", Tone.Warning);

    private static Cell Documents(FleetHost host) =>
        new(
            string.Join(
                ", ",
                host.Documents.Select(one =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{one.Name} {one.Revision}{(host.Behind.Contains(one.Name) ? " (behind)" : "")}"
                    )
                )
            ),
            host.Behind.Count > 0 ? Tone.Warning : Tone.Plain
        );

    private static Cell Health(FleetHost host) =>
        host.Draining ? new("draining", Tone.Warning)
        : host.RejectedSince is not null ? new($"{host.Level}, edit rejected", Tone.Warning)
        : new(host.Level.ToString(), HostColumns.ToneOf(host.Level));

    private static string Time(DateTimeOffset? at) => at?.ToString("u", CultureInfo.InvariantCulture) ?? "";
}
