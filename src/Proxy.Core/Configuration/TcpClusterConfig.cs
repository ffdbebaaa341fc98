using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration;

/// <summary>How TCP connections to a cluster are made.</summary>
public sealed record TcpClusterConfig
{
    /// <summary>The time for one attempt.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts before the client is reset.</summary>
    [Range(1, 100)]
    public int ConnectAttempts { get; init; } = 3;

    /// <summary>The most connections to one destination; null for no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? MaxConnectionsPerDestination { get; init; }

    /// <summary>The age at which a name is resolved again.</summary>
    public TimeSpan DnsRefresh { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? SendProxyProtocol { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Tls { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Probe { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? CloseOnUnhealthy { get; init; }
}
