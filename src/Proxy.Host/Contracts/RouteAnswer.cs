using Proxy.Conditions;
using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Host.Contracts;

/// <summary>A route with its connections and bytes since the start of the host.</summary>
/// <param name="Id">The route's id.</param>
/// <param name="Mode">Forward, Lock or Multiplex; Http for HTTP routes, which YARP serves.</param>
/// <param name="Endpoints">The ids of the endpoints that the route accepts connections from.</param>
/// <param name="ClusterId">The route's cluster; null when the route leads to a connector.</param>
internal sealed record RouteAnswer(string Id, string Mode, IReadOnlyList<string> Endpoints, string? ClusterId)
{
    /// <summary>The connector of channels that the route leads to; null when it leads to a cluster.</summary>
    public string? Connector { get; init; }

    /// <summary>The number of open connections; null for HTTP routes, since a connection carries requests of many routes.</summary>
    public int? Connections { get; init; }

    /// <summary>The number of ended connections by outcome; null for HTTP routes.</summary>
    public IReadOnlyDictionary<string, long>? Ended { get; init; }

    /// <summary>Bytes received from clients; null for HTTP routes, which have those of bodies in their requests.</summary>
    public long? BytesIn { get; init; }

    /// <summary>Bytes sent to clients; null for HTTP routes.</summary>
    public long? BytesOut { get; init; }

    /// <summary>How well the route serves its clients.</summary>
    public Condition? Condition { get; init; }

    /// <summary>How the route terminates TLS; null if it does not, for HTTP routes, and in events.</summary>
    public RouteTlsStatus? Tls { get; init; }

    /// <summary>The requests of an HTTP route since the start; null for TCP routes.</summary>
    public RequestSums? Requests { get; init; }
}
