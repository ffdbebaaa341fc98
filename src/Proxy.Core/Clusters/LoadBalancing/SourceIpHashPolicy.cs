using System.IO.Hashing;
using System.Net;
using System.Text;

namespace Proxy.Clusters.LoadBalancing;

/// <summary>
/// Picks the same destination for the same client address by weighted rendezvous hashing: when a destination is added or removed, only its
/// own share of clients moves.
/// </summary>
internal sealed class SourceIpHashPolicy : ITcpLoadBalancingPolicy
{
    internal const string PolicyName = "SourceIpHash";

    public string Name => PolicyName;

    public DestinationCandidate Pick(in PickContext context, IReadOnlyList<DestinationCandidate> candidates)
    {
        var client = context.ClientAddress;
        return candidates.MaxBy(candidate => Score(client, candidate.State.DestinationId, candidate.Weight));
    }

    internal static double Score(IPAddress? client, string destinationId, int weight)
    {
        var hash = XxHash64.HashToUInt64(Encoding.UTF8.GetBytes($"{client} {destinationId.ToUpperInvariant()}"));
        var uniform = ((hash >> 11) + 0.5) / (1UL << 53);
        return weight / -Math.Log(uniform);
    }
}
