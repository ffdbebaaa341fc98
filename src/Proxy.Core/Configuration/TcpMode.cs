namespace Proxy.Configuration;

/// <summary>What a TCP route does.</summary>
public enum TcpMode
{
    /// <summary>Relays to a destination.</summary>
    Forward,

    /// <summary>Admits a few at a time.</summary>
    [NotAvailableYet]
    Lock,

    /// <summary>Shares upstream connections.</summary>
    [NotAvailableYet]
    Multiplex,

    /// <summary>Hands over to YARP.</summary>
    [NotAvailableYet]
    Http,
}
