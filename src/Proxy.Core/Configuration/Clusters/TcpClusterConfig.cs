using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Clusters;

/// <summary>How a cluster's destinations are connected to over TCP.</summary>
public sealed record TcpClusterConfig
{
    /// <summary>The key under which YARP's metadata of a cluster tell its active checks the header. No configuration can have it, because of the colon.</summary>
    internal const string HeaderMetadata = "Tcp:SendProxyProtocol";

    /// <summary>The same for what checks send.</summary>
    internal const string ProbeSendMetadata = "Tcp:Probe:Send";

    /// <summary>The same for what checks expect.</summary>
    internal const string ProbeExpectMetadata = "Tcp:Probe:Expect";

    /// <summary>The same for the number of bytes that checks expect.</summary>
    internal const string ProbeMinimumMetadata = "Tcp:Probe:MinimumBytes";

    /// <summary>The same for Tls, as JSON.</summary>
    internal const string TlsMetadata = "Tcp:Tls";

    /// <summary>The same for Rise.</summary>
    internal const string RiseMetadata = "Tcp:Rise";

    /// <summary>The same for Fall.</summary>
    internal const string FallMetadata = "Tcp:Fall";

    /// <summary>The same for CloseOnUnhealthy.</summary>
    internal const string CloseMetadata = "Tcp:CloseOnUnhealthy";

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

    /// <summary>
    /// The values of a PROXY protocol header from a load balancer in front that version 2 of SendProxyProtocol passes on: their types, such as 0xEA, or All.
    /// </summary>
    public IReadOnlyList<string> PassTlvs { get; init; } = [];

    /// <summary>How connections begin TLS, those of active checks included; absent leaves them in clear.</summary>
    public ClusterTlsConfig? Tls { get; init; }

    /// <summary>What active checks do after they have connected.</summary>
    public ProbeConfig? Probe { get; init; }

    /// <summary>Whether connections are reset when their destination becomes unhealthy.</summary>
    public bool CloseOnUnhealthy { get; init; }

    /// <summary>The time in which the share of a destination that is healthy again grows to its weight; zero means at once.</summary>
    [AllowZero]
    public TimeSpan SlowStart { get; init; }

    /// <summary>The number of successful active checks in a row after which an unhealthy destination is healthy.</summary>
    [Range(1, 1000)]
    public int Rise { get; init; } = 1;

    /// <summary>The number of failed active checks in a row after which a destination is unhealthy.</summary>
    [Range(1, 1000)]
    public int Fall { get; init; } = 2;
}
