using Proxy.Connections;

namespace Proxy.Forwarding;

/// <summary>What a route says of the connections that it forwards; a connection keeps what it dialed with.</summary>
/// <param name="Deadlines">Deadlines of the relay.</param>
/// <param name="KeepAlive">TCP keep-alive on both sides.</param>
internal sealed record ForwardOptions(RelayOptions Deadlines, KeepAlive KeepAlive)
{
    /// <summary>Whether clients have waited before they are dialed for: then a dial is not even begun for a client that has reset since.</summary>
    public bool ClientMayHaveGone { get; init; }
}
