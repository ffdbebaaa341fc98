namespace Proxy.Connections;

/// <summary>How a peer has left.</summary>
internal enum PeerDeparture
{
    /// <summary>It sent FIN after bytes that are still unread.</summary>
    Closed,

    /// <summary>It sent FIN, and there are no unread bytes before it.</summary>
    ClosedSilently,

    /// <summary>It sent RST.</summary>
    Reset,
}
