using System.CommandLine;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Remote;

/// <summary>The commands that list what a running host has: <c>endpoints</c>, <c>routes</c>, <c>destinations</c>, <c>channels</c> and others.</summary>
internal static class ListCommands
{
    public static IEnumerable<Command> Create() =>
        [
            List<EndpointAnswer>(
                "endpoints",
                "Lists the addresses on which a running host accepts TCP connections, with their routes.",
                "api/endpoints",
                "No TCP endpoint.",
                new("ENDPOINT", static endpoint => endpoint.Id),
                new(
                    "ADDRESS",
                    static endpoint => endpoint.Bound is { } bound ? bound : new Cell($"{endpoint.Address} (not bound)", Tone.Bad)
                ),
                new("OPEN", static endpoint => endpoint.Connections),
                new("ROUTES", static endpoint => string.Join(", ", endpoint.Routes)),
                new("CONFIGURED", static endpoint => endpoint.Address) { IsWide = true }
            ),
            List<RouteAnswer>(
                "routes",
                "Lists the routes of a running host with their connections or requests.",
                "api/routes",
                "No route.",
                HostColumns.Routes
            ),
            Destinations(),
            List<ChannelState>(
                "channels",
                "Lists the channels of a running host.",
                "api/channels",
                "No channel.",
                new("CHANNEL", static channel => channel.Channel),
                new("TYPE", static channel => channel.Type),
                new("CONNECTOR", static channel => channel.Connector),
                new("ADDRESS", static channel => channel.Ip is { } ip ? $"{ip}:{channel.Port}" : ""),
                new("STATE", static channel => channel.Stale ? new("stale", Tone.Warning) : new("current", Tone.Good)),
                new("MEMBERS", static channel => channel.Members.Count),
                new("LISTENING", static channel => channel.Listening ? "yes" : "no") { IsWide = true },
                new("VERSION", static channel => channel.Version) { IsWide = true }
            ),
            Members(),
            List<TunnelStatus>(
                "tunnels",
                "Lists the open connections of a running host that use a tunnel to another instance.",
                "api/tunnels",
                "No open tunnel.",
                new("ID", static tunnel => tunnel.ConnectionId),
                new("CHANNEL OR ROUTE", static tunnel => tunnel.Channel ?? tunnel.RouteId),
                new("DIRECTION", static tunnel => tunnel.Calls ? "to" : "from"),
                new("PEER", static tunnel => tunnel.Peer),
                new("CLIENT", static tunnel => tunnel.Client),
                new("IN", static tunnel => Amounts.Bytes(tunnel.ReceivedBytes)),
                new("OUT", static tunnel => Amounts.Bytes(tunnel.SentBytes)),
                new("CONNECTOR", static tunnel => tunnel.Connector) { IsWide = true },
                new("SINCE", static tunnel => $"{tunnel.StartedAt:u}") { IsWide = true }
            ),
        ];

    private static Command List<T>(string name, string description, string path, string none, params Column<T>[] columns) =>
        RemoteCommand.Create(
            name,
            description,
            async (host, _, printer, cancellationToken) =>
            {
                printer.PrintTable(await host.GetAsync<IReadOnlyList<T>>(path, cancellationToken), none, columns);
                return ExitCode.Ok;
            }
        );

    private static Command Destinations() =>
        RemoteCommand.Create(
            "destinations",
            "Lists the destinations of a running host with their health and connections.",
            static async (host, _, printer, cancellationToken) =>
            {
                var clusters = await host.GetAsync<IReadOnlyList<ClusterStatus>>("api/clusters", cancellationToken);
                printer.Print(
                    clusters,
                    writer => printer.WriteTable(writer, HostColumns.Rows(clusters), "No destination.", HostColumns.Destinations)
                );
                return ExitCode.Ok;
            }
        );

    private static Command Members() =>
        RemoteCommand.Create(
            "members",
            "Lists the other instances of the group of a running host.",
            static async (host, _, printer, cancellationToken) =>
            {
                var answer = await host.GetAsync<MembersAnswer>("api/members", cancellationToken);
                printer.Print(
                    answer,
                    writer =>
                    {
                        printer.WriteTable(
                            writer,
                            answer.Members,
                            "No other member.",
                            new("MEMBER", static member => member.Id),
                            new("STATE", State),
                            new("ADDRESS", static member => member.Address),
                            new("LOCAL ADDRESS", static member => member.LocalAddress),
                            new("ROLE", static member => member.Role) { IsWide = true },
                            new("ZONE", static member => member.Zone) { IsWide = true },
                            new("DRAINED BY", static member => HostColumns.DrainedBy(member.DrainedHere, member.DrainedForAll))
                            {
                                IsWide = true,
                            }
                        );
                        if (answer.Stale)
                        {
                            writer.WriteLine(printer.Colors.Warning("The list may be out of date: its source does not answer."));
                        }
                    }
                );
                return ExitCode.Ok;
            }
        );

    private static Cell State(MemberStatus member) =>
        member is { Drained: true, State: MemberState.Up }
            ? new(member.DrainedForAll is null ? "drained" : "drained for all hosts", Tone.Warning)
            : new(Word(member.State), member.State == MemberState.Up ? Tone.Good : Tone.Warning);

    // The words of the API.
    private static string Word(MemberState state) =>
        state switch
        {
            MemberState.Up => "up",
            MemberState.Draining => "draining",
            _ => "suspect",
        };
}
