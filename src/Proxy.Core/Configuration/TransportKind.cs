namespace Proxy.Configuration;

/// <summary>Which transport carries the bytes.</summary>
public enum TransportKind
{
    /// <summary>The best one for this machine.</summary>
    Auto,

    /// <summary>.NET sockets.</summary>
    Sockets,

    /// <summary>Linux epoll loops of our own.</summary>
    [NotAvailableYet]
    Epoll,
}
