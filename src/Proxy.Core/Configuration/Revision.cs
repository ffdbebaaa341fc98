using Microsoft.Extensions.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Configuration;

/// <summary>One valid configuration; immutable.</summary>
public sealed class Revision
{
    /// <summary>Twelve hexadecimal digits that identify the content.</summary>
    public required string Id { get; init; }

    /// <summary>The configuration.</summary>
    public required ProxyConfig Config { get; init; }

    /// <summary>The addresses to listen on.</summary>
    public required IReadOnlyList<EndpointBinding> Bindings { get; init; }

    /// <summary>The limits of those TCP routes that have some, by their ids.</summary>
    internal IReadOnlyDictionary<string, RouteLimits> Limits { get; init; } = ById.Empty<RouteLimits>();

    /// <summary>YARP's routes, as YARP reads them.</summary>
    public required IReadOnlyList<RouteConfig> HttpRoutes { get; init; }

    /// <summary>Whether the document says <c>"ReverseProxy": {}</c>: no route is wanted, rather than none found because of a mistake.</summary>
    internal bool IsEmptyOnPurpose { get; init; }

    /// <summary>The number of TCP and HTTP routes.</summary>
    internal int RouteCount => Config.ReverseProxy.TcpRoutes.Count + Config.ReverseProxy.Routes.Count;

    /// <summary>YARP's clusters, as YARP reads them.</summary>
    public required IReadOnlyList<ClusterConfig> Clusters { get; init; }

    /// <summary>Values that are allowed but probably not intended.</summary>
    public required IReadOnlyList<ConfigProblem> Warnings { get; init; }

    /// <summary>
    /// The document that the records were read from, as JSON in UTF-8: every key that is set, secrets included. It is kept as text because a tree of it
    /// takes ten times the memory.
    /// </summary>
    internal ReadOnlyMemory<byte> Document { get; init; } = "{}"u8.ToArray();

    /// <summary>The versions of the documents that it was read from and that hosts share, by their names.</summary>
    internal IReadOnlyDictionary<string, long> Versions { get; init; } = ById.Empty<long>();

    /// <summary>The secrets that are masked in what programs print.</summary>
    internal IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>The merged configuration without the section <c>ReverseProxy</c>: what ASP.NET Core and Kestrel read by themselves.</summary>
    public required IConfiguration Snapshot { get; init; }
}
