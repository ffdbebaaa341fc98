using Proxy.Clusters;
using Proxy.Connections;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>A Multiplex route of a revision.</summary>
/// <param name="Cluster">Where it leads.</param>
/// <param name="Units">The clusters that serve units of it, by id.</param>
/// <param name="Framer">What clients speak; null for what the destination speaks.</param>
/// <param name="Client">What clients get.</param>
/// <param name="KeepAlive">TCP keep-alive to clients.</param>
internal sealed record MultiplexRoute(
    MultiplexTarget Cluster,
    IReadOnlyDictionary<string, MultiplexTarget> Units,
    IMessageFramer? Framer,
    ClientSettings Client,
    KeepAlive KeepAlive
);

/// <summary>A cluster that clients are led to.</summary>
/// <param name="Reference">The cluster.</param>
/// <param name="Settings">What is done with its destinations.</param>
internal sealed record MultiplexTarget(ClusterReference Reference, UpstreamSettings Settings);
