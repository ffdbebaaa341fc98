namespace Proxy.Connections;

/// <summary>How a peer left.</summary>
internal enum PeerDeparture
{
    /// <summary>It sent FIN, having sent bytes that are still unread.</summary>
    Closed,

    /// <summary>It sent FIN and not one unread byte before it.</summary>
    ClosedSilently,

    /// <summary>It sent RST.</summary>
    Reset,
}
