using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration.Reading;
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

    /// <summary>The networks of the clients of a route, by the route's id; empty for all clients.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<IPNetwork>> SourceNetworks { get; init; } = ById.Empty<IReadOnlyList<IPNetwork>>();

    /// <summary>YARP's routes, as YARP reads them.</summary>
    public required IReadOnlyList<RouteConfig> HttpRoutes { get; init; }

    /// <summary>YARP's clusters, as YARP reads them.</summary>
    public required IReadOnlyList<ClusterConfig> Clusters { get; init; }

    /// <summary>Values that are allowed but probably not intended.</summary>
    public required IReadOnlyList<ConfigProblem> Warnings { get; init; }

    /// <summary>The document of the records: every known key that is set, including secrets.</summary>
    internal JsonObject Document { get; init; } = [];

    /// <summary>The merged configuration, for sections that other code reads.</summary>
    public required IConfiguration Snapshot { get; init; }
}
