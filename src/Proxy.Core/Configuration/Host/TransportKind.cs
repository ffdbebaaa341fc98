namespace Proxy.Configuration.Host;

/// <summary>Which transport carries the bytes.</summary>
public enum TransportKind
{
    /// <summary>The best one for this machine.</summary>
    Auto,

    /// <summary>.NET sockets.</summary>
    Sockets,

    /// <summary>Event loops of our own, on Linux.</summary>
    Epoll,
}
