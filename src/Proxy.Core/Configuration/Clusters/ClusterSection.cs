using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Reading;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Proxy.Configuration.Clusters;

/// <summary>A group of equal destinations, with YARP's keys and Tcp.</summary>
[WrittenElsewhere("Address", """an address belongs to a destination: "Destinations": { "a": { "Address": "tcp://host:port" } }.""")]
[WrittenElsewhere(
    "Destination",
    """the key is Destinations, an object keyed by id: "Destinations": { "a": { "Address": "tcp://host:port" } }."""
)]
[WrittenElsewhere(
    "Tls",
    """TLS towards destinations belongs under Tcp: "Tcp": { "Tls": { } }; HTTP routes have it by https:// in an Address."""
)]
public sealed record ClusterSection
{
    /// <summary>The load balancing policy.</summary>
    public string? LoadBalancingPolicy { get; init; }

    /// <summary>What the policy ConsistentHash chooses by, for TCP routes.</summary>
    public HashKey HashKey { get; init; }

    /// <summary>YARP's session affinity, for HTTP.</summary>
    public SessionAffinityConfig? SessionAffinity { get; init; }

    /// <summary>Active and passive health checks.</summary>
    public HealthCheckConfig? HealthCheck { get; init; }

    /// <summary>YARP's HTTP client.</summary>
    public HttpClientConfig? HttpClient { get; init; }

    /// <summary>YARP's outgoing HTTP request.</summary>
    public ForwarderRequestConfig? HttpRequest { get; init; }

    /// <summary>How destinations are connected to over TCP.</summary>
    public TcpClusterConfig Tcp { get; init; } = new();

    /// <summary>How Multiplex routes use the destinations.</summary>
    public ClusterMultiplexConfig? Multiplex { get; init; }

    /// <summary>The destinations by id.</summary>
    public IReadOnlyDictionary<string, DestinationSection> Destinations
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<DestinationSection>();

    /// <summary>
    /// Instead of destinations: a connector that a channel here calls; the local addresses of its members are the destinations.
    /// </summary>
    public string? Connector { get; init; }

    /// <summary>Arbitrary keys and values for extensions.</summary>
    public IReadOnlyDictionary<string, string> Metadata
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<string>();
}
