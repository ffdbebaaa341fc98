using Proxy.Conditions;
using Proxy.Diagnostics;

namespace Proxy.Revisions;

/// <summary>The status of a cluster.</summary>
/// <param name="Id">The id of the cluster.</param>
/// <param name="Policy">The name of its load balancing policy.</param>
/// <param name="Destinations">Its destinations, by id.</param>
public sealed record ClusterStatus(string Id, string Policy, IReadOnlyList<DestinationStatus> Destinations)
{
    /// <summary>The HTTP requests sent to it since the start, over all routes; null if there was none.</summary>
    public RequestSums? Requests { get; init; }

    /// <summary>Since when no destination may be given clients; null if one may, or if that is not known.</summary>
    internal DateTimeOffset? NoneSince { get; init; }

    /// <summary>How TLS with its destinations begins; null if they are connected in clear, for HTTP, and where that is not asked for.</summary>
    public ClusterTlsStatus? Tls { get; init; }

    /// <summary>How well it works; null where that is not asked for.</summary>
    public Condition? Condition { get; init; }
}
