using Microsoft.Extensions.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration;

/// <summary>A valid configuration, HTTP and TCP together. Immutable.</summary>
public sealed record Revision
{
    /// <summary>Names the content: 12 hexadecimal digits of its SHA-256.</summary>
    public required string Id { get; init; }

    /// <summary>What the user wrote.</summary>
    public required ProxyConfig Config { get; init; }

    /// <summary>The addresses to bind.</summary>
    public required IReadOnlyList<EndpointBinding> Bindings { get; init; }

    /// <summary>YARP's routes.</summary>
    public required IReadOnlyList<RouteConfig> HttpRoutes { get; init; }

    /// <summary>YARP's clusters.</summary>
    public required IReadOnlyList<ClusterConfig> Clusters { get; init; }

    /// <summary>What works and yet looks wrong.</summary>
    public required IReadOnlyList<ConfigProblem> Warnings { get; init; }

    /// <summary>The merged configuration.</summary>
    public required IConfiguration Snapshot { get; init; }
}
