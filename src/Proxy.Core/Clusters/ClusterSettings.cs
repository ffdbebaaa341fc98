namespace Proxy.Clusters;

/// <summary>How a cluster is dialled: what YARP's own settings do not say.</summary>
public sealed record ClusterSettings
{
    /// <summary>The name of an <see cref="LoadBalancing.ITcpLoadBalancingPolicy"/>; null for the one that YARP's cluster names.</summary>
    public string? LoadBalancingPolicy { get; init; }

    /// <summary>The time for one attempt, over all addresses of one destination.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many attempts before the client is reset; at least 1.</summary>
    public int ConnectAttempts { get; init; } = 3;

    /// <summary>The most connections one destination gets; null for no limit.</summary>
    public int? MaxConnectionsPerDestination { get; init; }

    /// <summary>How long resolved addresses are used before the name is resolved again.</summary>
    public TimeSpan DnsRefresh { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Settings by destination id, any case.</summary>
    public IReadOnlyDictionary<string, DestinationSettings> Destinations { get; init; } =
        new Dictionary<string, DestinationSettings>(StringComparer.OrdinalIgnoreCase);
}
