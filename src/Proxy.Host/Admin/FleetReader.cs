using Proxy.Engine;
using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>Reads the fleet for the API; of a host without an engine there is nothing to read.</summary>
internal sealed class FleetReader(IFleet? fleet = null, IFleetDrains? drains = null)
{
    private const int MostDrains = 50; // in a snapshot

    /// <summary>The fleet; null without an engine.</summary>
    public FleetAnswer? Read() =>
        fleet is null
            ? null
            : new(
                fleet.Instance,
                fleet.Current.StaleSince,
                fleet.Rival,
                fleet.Current.UsualRevision,
                fleet.Current.Hosts,
                Documents(fleet.Current.Hosts),
                Drains()
            );

    /// <summary>What the dashboard shows on each page; null without an engine.</summary>
    public SnapshotFleet? ReadSummary()
    {
        if (fleet is null)
        {
            return null;
        }

        var state = fleet.Current;
        var all = Drains();
        return new(
            fleet.Instance,
            state.Hosts.Count,
            state.Hosts.Count(static host => host.Behind.Count > 0),
            state.StaleSince,
            [.. all.Take(MostDrains)],
            Math.Max(0, all.Count - MostDrains)
        );
    }

    // Those whose beginning is not known are taken for the oldest.
    private List<FleetDrainAnswer> Drains() =>
        [
            .. (drains?.Current ?? new Dictionary<DrainTarget, DrainOrder>())
                .OrderBy(static pair => pair.Value.At ?? DateTimeOffset.MinValue)
                .ThenBy(static pair => pair.Key.ClusterId, StringComparer.OrdinalIgnoreCase)
                .ThenBy(static pair => pair.Key.Id, StringComparer.OrdinalIgnoreCase)
                .Select(static pair => FleetDrainAnswer.Of(pair.Key, pair.Value)),
        ];

    private static List<FleetDocumentAnswer> Documents(IReadOnlyList<FleetHost> hosts) =>
        [
            .. hosts
                .SelectMany(static host => host.Documents)
                .GroupBy(static one => one.Name, StringComparer.Ordinal)
                .OrderBy(static group => group.Key, StringComparer.Ordinal)
                .Select(static group => (Name: group.Key, Newest: group.Max(static one => one.Revision), All: group.ToList()))
                .Select(static one => new FleetDocumentAnswer(
                    one.Name,
                    one.Newest,
                    one.All.Count,
                    one.All.Count(document => document.Revision < one.Newest)
                )),
        ];
}
