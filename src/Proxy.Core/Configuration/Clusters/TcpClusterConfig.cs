using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Clusters;

/// <summary>How a cluster's destinations are connected to over TCP.</summary>
[NotAvailableYet("Tls", "Probe")]
public sealed record TcpClusterConfig
{
    /// <summary>The key under which YARP's metadata of a cluster tell its active checks the header. No configuration can have it, because of the colon.</summary>
    internal const string HeaderMetadata = "Tcp:SendProxyProtocol";

    /// <summary>The time limit of one attempt to connect.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The number of attempts, over all destinations, before the client is reset.</summary>
    [Range(1, 100)]
    public int ConnectAttempts { get; init; } = 3;

    /// <summary>The number of connections to one destination at the same time; absent means no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? MaxConnectionsPerDestination { get; init; }

    /// <summary>How long a resolved name is used before it is resolved again.</summary>
    public TimeSpan DnsRefresh { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The PROXY protocol header that each connection to a destination begins with, those of active checks included.</summary>
    public ProxyProtocolVersion SendProxyProtocol { get; init; }

    /// <summary>Whether connections end when their destination becomes unhealthy; only false is available yet.</summary>
    [OnlyAvailable("false")]
    public bool CloseOnUnhealthy { get; init; }
}
