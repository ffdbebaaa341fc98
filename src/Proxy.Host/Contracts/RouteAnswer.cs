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

    /// <summary>The number of open connections.</summary>
    public int Connections { get; init; }

    /// <summary>The number of ended connections by outcome.</summary>
    public IReadOnlyDictionary<string, long> Ended { get; init; } = new Dictionary<string, long>();

    /// <summary>Bytes received from clients.</summary>
    public long BytesIn { get; init; }

    /// <summary>Bytes sent to clients.</summary>
    public long BytesOut { get; init; }
}
