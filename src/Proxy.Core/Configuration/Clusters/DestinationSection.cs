using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Clusters;

/// <summary>One destination of a cluster.</summary>
[WrittenElsewhere("Port", "the port is part of Address, such as tcp://host:5432.")]
[WrittenElsewhere("Url", "write it as Address.")]
public sealed record DestinationSection
{
    /// <summary>
    /// tcp://host:port or unix:/path for TCP routes, http(s)://host for HTTP routes; tcp://host:first-last for routes that listen at equally many ports,
    /// which map one to one; srv://name for the servers of a service that DNS names.
    /// </summary>
    public required string Address { get; init; }

    /// <summary>Another address for active health checks.</summary>
    public string? Health { get; init; }

    /// <summary>The Host header for HTTP.</summary>
    public string? Host { get; init; }

    /// <summary>The share of connections relative to the others; 0 takes none.</summary>
    [Range(0, 256)]
    public int Weight { get; init; } = 1;

    /// <summary>Whether it is used only when no other destination is available, or all others are full.</summary>
    public bool Backup { get; init; }

    /// <summary>The number of connections to it at the same time; absent means the cluster's Tcp:MaxConnectionsPerDestination.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? MaxConnections { get; init; }

    /// <summary>Arbitrary keys and values for extensions.</summary>
    public IReadOnlyDictionary<string, string> Metadata
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<string>();
}
