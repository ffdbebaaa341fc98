using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>Finds the session for a client's requests.</summary>
internal interface ILaneOpener
{
    /// <summary>Picks a destination and joins its session.</summary>
    /// <param name="client">The client.</param>
    /// <param name="clusterId">The cluster that serves a unit; null for the route's own cluster.</param>
    /// <param name="failure">Why no destination was found.</param>
    RequestLane? Open(MultiplexClient client, string? clusterId, out ConnectionOutcome failure);
}
