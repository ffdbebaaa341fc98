using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Clusters;

/// <summary>How a cluster's destinations are connected to over TCP.</summary>
[NotAvailableYet("Tls", "Probe")]
public sealed record TcpClusterConfig
{
    /// <summary>Time for one attempt to connect.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts in all before the client is given up on.</summary>
    [Range(1, 100)]
    public int ConnectAttempts { get; init; } = 3;

    /// <summary>Connections to one destination at once; absent means no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? MaxConnectionsPerDestination { get; init; }

    /// <summary>How long a resolved name is used before it is resolved again.</summary>
    public TimeSpan DnsRefresh { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The PROXY protocol header sent first; only "None" is available yet.</summary>
    [OnlyAvailable("None")]
    public string SendProxyProtocol { get; init; } = "None";

    /// <summary>Whether connections end when their destination becomes unhealthy; only false is available yet.</summary>
    [OnlyAvailable("false")]
    public bool CloseOnUnhealthy { get; init; }
}
