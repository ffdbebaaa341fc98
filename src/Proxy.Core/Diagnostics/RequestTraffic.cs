namespace Proxy.Diagnostics;

/// <summary>The HTTP requests of a route to a cluster since the start.</summary>
/// <param name="RouteId">The id of the route; empty for requests that no route took.</param>
/// <param name="ClusterId">The id of the cluster; empty for none.</param>
/// <param name="Sums">The requests.</param>
public sealed record RequestTraffic(string RouteId, string ClusterId, RequestSums Sums);
