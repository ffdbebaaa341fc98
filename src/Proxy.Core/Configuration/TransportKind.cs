namespace Proxy.Configuration;

/// <summary>A transport.</summary>
public enum TransportKind
{
    /// <summary>The best there is on this system.</summary>
    Auto,

    /// <summary>The portable one.</summary>
    Sockets,

    /// <summary>Linux event loops.</summary>
    [NotAvailableYet]
    Epoll,
}
