using Proxy.Connections;

namespace Proxy.Forwarding;

/// <summary>The options of a route for the connections that it forwards. A connection keeps those with which it was dialed.</summary>
/// <param name="Deadlines">The deadlines of the relay.</param>
/// <param name="KeepAlive">TCP keep-alive on both sides.</param>
internal sealed record ForwardOptions(RelayOptions Deadlines, KeepAlive KeepAlive)
{
    /// <summary>
    /// Whether clients have waited before the dial; then no dial is started for a client that has reset its connection since.
    /// </summary>
    public bool ClientMayHaveGone { get; init; }
}
