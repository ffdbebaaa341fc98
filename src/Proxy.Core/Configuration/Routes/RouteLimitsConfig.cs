using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>Limits of a route. Open connections count towards edited limits and have an edited bandwidth; none is closed.</summary>
public sealed record RouteLimitsConfig
{
    /// <summary>The connections at the same time; absent means no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? MaxConnections { get; init; }

    /// <summary>The connections at the same time from one source, which is an IPv4 address or a network of IPv6; absent means no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? MaxConnectionsPerSource { get; init; }

    /// <summary>The new connections per second, with those of one second at once; absent means no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? ConnectionsPerSecond { get; init; }

    /// <summary>The new connections per second from one source, with those of one second at once; absent means no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? ConnectionsPerSecondPerSource { get; init; }

    /// <summary>The bytes per second of each connection in each direction; absent means no limit.</summary>
    [AllowNone, Range(1, int.MaxValue)]
    public int? BytesPerSecondPerConnection { get; init; }

    /// <summary>The networks whose clients are served, such as 10.0.0.0/8; absent means all.</summary>
    public IReadOnlyList<string>? AllowNetworks { get; init; }

    /// <summary>The networks whose clients are refused, even if AllowNetworks contains them.</summary>
    public IReadOnlyList<string> DenyNetworks { get; init; } = [];

    /// <summary>The length of the prefix by which clients of IPv6 count as one source.</summary>
    [Range(1, 128)]
    public int SourcePrefixV6 { get; init; } = 64;

    /// <summary>Whether nothing is refused or slowed down, and what would be is only counted and logged.</summary>
    public bool DryRun { get; init; }
}
