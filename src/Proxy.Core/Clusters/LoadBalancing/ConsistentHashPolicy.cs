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

    private static readonly object _equal = new(); // stands for the settings of those without

    // YARP replaces the list at each change of a cluster's destinations, and the tables go with it. A new revision has other settings, and may have the
    // same destinations; clients of the one before may still be picked for.
    private readonly ConditionalWeakTable<IReadOnlyList<DestinationState>, ConditionalWeakTable<object, Lazy<MaglevTable>>> _tables = [];

    public string Name => PolicyName;

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates)
    {
        var all = context.All ?? new DestinationWeights([.. candidates.Select(static candidate => candidate.State)], null);
        var picked = Table(all).Find(KeyOf(context.ClientAddress, context.HashKey), state => IndexOf(candidates, state) >= 0);
        return picked is null ? candidates[0] : candidates[IndexOf(candidates, picked)];
    }

    internal static string KeyOf(IPAddress? client, string? key) => key ?? client?.ToString() ?? "";

    // It is built when it is first asked for, once: what asks for it meanwhile waits, which is shorter than building another one.
    internal MaglevTable Table(DestinationWeights all) =>
        _tables.GetOrCreateValue(all.States).GetValue(all.Settings ?? _equal, _ => new Lazy<MaglevTable>(() => new MaglevTable(all))).Value;

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
}
