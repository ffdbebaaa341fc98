using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>Finds the session that a client's requests go to.</summary>
internal interface ILaneOpener
{
    /// <summary>Picks a destination and joins its session.</summary>
    /// <param name="client">The client.</param>
    /// <param name="clusterId">The cluster of a unit that is elsewhere; null for the route's own.</param>
    /// <param name="failure">Why there is none.</param>
    RequestLane? Open(MultiplexClient client, string? clusterId, out ConnectionOutcome failure);
}
