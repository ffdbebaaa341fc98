using System.Net;
using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>
/// Picks the same destination for the same key by Maglev hashing. The table is of all destinations, available or not: while one is not available, its own
/// share of keys moves and no other.
/// </summary>
internal sealed class ConsistentHashPolicy : ITcpLoadBalancingPolicy
{
    internal const string PolicyName = "ConsistentHash";

    // YARP replaces the list at each change of a cluster's destinations, and the table goes with it.
    private readonly ConditionalWeakTable<IReadOnlyList<DestinationState>, Entry> _tables = [];

    public string Name => PolicyName;

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates)
    {
        var all = context.All ?? new DestinationWeights([.. candidates.Select(static candidate => candidate.State)], null);
        var picked = Table(all).Find(KeyOf(context.ClientAddress, context.HashKey), state => IndexOf(candidates, state) >= 0);
        return picked is null ? candidates[0] : candidates[IndexOf(candidates, picked)];
    }

    internal static string KeyOf(IPAddress? client, string? key) => key ?? client?.ToString() ?? "";

    // A new revision has other settings, and may have the same destinations.
    internal MaglevTable Table(DestinationWeights all)
    {
        if (_tables.TryGetValue(all.States, out var entry) && ReferenceEquals(entry.All.Settings, all.Settings))
        {
            return entry.Table;
        }

        entry = new Entry(all, new MaglevTable(all));
        _tables.AddOrUpdate(all.States, entry);
        return entry.Table;
    }

    private static int IndexOf(IReadOnlyList<DestinationCandidate> candidates, DestinationState state)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates[i].State == state)
            {
                return i;
            }
        }

        return -1;
    }

    private sealed record Entry(DestinationWeights All, MaglevTable Table);
}
