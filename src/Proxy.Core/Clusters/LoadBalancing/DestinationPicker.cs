using System.Collections.Frozen;
using Proxy.Configuration.Clusters;
using Proxy.Diagnostics;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>
/// Picks a destination for a connection and takes a place there before it is dialed, so that a slow destination does not attract more
/// connections.
/// </summary>
internal sealed class DestinationPicker(IEnumerable<ITcpLoadBalancingPolicy> policies, TimeProvider time)
{
    /// <summary>The policy of clusters that configure none, as in YARP.</summary>
    public const string DefaultPolicy = "PowerOfTwoChoices";

    private const int RankOfTried = 1_000_000; // after all others
    private const int Fine = 100; // weights in a slow start are hundredths

    // Picking never waits, so a thread needs one list for all its picks.
    [ThreadStatic]
    private static List<DestinationCandidate>? _candidates;

    private readonly FrozenDictionary<string, ITcpLoadBalancingPolicy> _policies = policies.ToFrozenDictionary(
        static policy => policy.Name,
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>
    /// Picks a destination: one that has not been tried before one that has, and a backup only if no other untried one is available and has a free
    /// place.
    /// </summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="settings">Weights, backups and the limit of connections.</param>
    /// <param name="context">The client.</param>
    /// <param name="tried">The destinations that failed for this client.</param>
    /// <returns>The destination with a place taken, or why there is none.</returns>
    public PickResult Pick(
        ClusterState cluster,
        ClusterSection settings,
        in PickContext context,
        IReadOnlyCollection<DestinationState> tried
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(tried);
        var available = cluster.DestinationsState.AvailableDestinations;
        var policy = _policies[settings.LoadBalancingPolicy ?? cluster.Model.Config.LoadBalancingPolicy ?? DefaultPolicy];
        var whole = context with { All = new(cluster.DestinationsState.AllDestinations, settings) };
        var candidates = _candidates ?? [];
        _candidates = null;
        try
        {
            return Pick(available, settings, policy, whole, tried, candidates);
        }
        finally
        {
            candidates.Clear(); // destinations may be removed
            _candidates = candidates;
        }
    }

    private PickResult Pick(
        IReadOnlyList<DestinationState> available,
        ClusterSection settings,
        ITcpLoadBalancingPolicy policy,
        in PickContext context,
        IReadOnlyCollection<DestinationState> tried,
        List<DestinationCandidate> candidates
    )
    {
        var (group, hadAny) = (-1, false);
        while (FindNext(available, settings, tried, candidates, ref group))
        {
            hadAny = true;
            if (settings.Tcp.SlowStart > TimeSpan.Zero)
            {
                Ramp(candidates, settings.Tcp.SlowStart);
            }

            while (candidates.Count > 0)
            {
                var picked = candidates.Count == 1 ? candidates[0] : policy.Pick(context, candidates);
                if (picked.Load.TryAcquire(Of(picked.State, settings).MaxConnections))
                {
                    return new(picked.State, picked.Load, null);
                }

                candidates.Remove(picked);
            }
        }

        return new(null, null, hadAny ? ConnectionOutcome.LimitExceeded : ConnectionOutcome.NoDestination);
    }

    private static ServedDestination Of(DestinationState destination, ClusterSection settings) =>
        ServedDestination.Of(settings, destination.DestinationId, destination.Model.Config.Metadata);

    // Only while one of them is in its slow start, so that weights are otherwise those that are configured.
    private void Ramp(List<DestinationCandidate> candidates, TimeSpan slowStart)
    {
        if (candidates.TrueForAll(candidate => candidate.Load.Ramp(slowStart, time) == 1))
        {
            return;
        }

        for (var i = 0; i < candidates.Count; i++)
        {
            var one = candidates[i];
            candidates[i] = one with { Weight = Math.Max(1, (int)(one.Weight * Fine * one.Load.Ramp(slowStart, time))) };
        }
    }

    // The best group after the last one, in the order of preference: untried ones by rank, and then tried ones by rank. One group at a time, since this
    // runs for every connection, which nearly always finds a place in the first group.
    private static bool FindNext(
        IReadOnlyList<DestinationState> available,
        ClusterSection settings,
        IReadOnlyCollection<DestinationState> tried,
        List<DestinationCandidate> best,
        ref int group
    )
    {
        best.Clear();
        var bestGroup = int.MaxValue;
        for (var i = 0; i < available.Count; i++)
        {
            var destination = available[i];
            var (weight, rank, _) = Of(destination, settings);
            var its = rank + (tried.Contains(destination) ? RankOfTried : 0);
            if (weight == 0 || its <= group || its > bestGroup)
            {
                continue;
            }

            if (its < bestGroup)
            {
                best.Clear();
                bestGroup = its;
            }

            best.Add(new(destination, DestinationLoad.Of(destination), weight));
        }

        group = bestGroup;
        return best.Count > 0;
    }
}
