namespace Proxy.Configuration.Host;

/// <summary>The kind of transport.</summary>
public enum TransportKind
{
    /// <summary>The best one for this machine.</summary>
    Auto,

    /// <summary>.NET sockets.</summary>
    Sockets,

    /// <summary>The proxy's own event loops, on Linux.</summary>
    Epoll,
}
