using Proxy.Clusters;
using Proxy.Connections;

namespace Proxy.Forwarding;

/// <summary>What one route asks of forwarding; a connection keeps the settings it dialled with.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Dialling">How the cluster is dialled.</param>
/// <param name="Relay">Deadlines of the relay.</param>
/// <param name="KeepAlive">TCP keep-alive on both sides.</param>
public sealed record ForwardSettings(ClusterReference Cluster, ClusterSettings Dialling, RelayOptions Relay, KeepAlive KeepAlive);
