using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>What a TCP route does with a connection.</summary>
public enum TcpMode
{
    /// <summary>Bytes go to a destination and back.</summary>
    Forward,

    /// <summary>Connections wait for a permit and run one after the other.</summary>
    Lock,

    /// <summary>Requests of many clients share upstream connections.</summary>
    Multiplex,

    /// <summary>Connections are handed over to YARP on this port.</summary>
    [NotAvailableYet]
    Http,
}
