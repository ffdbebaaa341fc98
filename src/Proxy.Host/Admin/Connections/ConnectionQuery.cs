using Microsoft.AspNetCore.Mvc;

namespace Proxy.Host.Admin.Connections;

/// <summary>Which connections, in which order, and how many.</summary>
/// <param name="Route">Of this route.</param>
/// <param name="Endpoint">Accepted by this endpoint.</param>
/// <param name="Cluster">To this cluster.</param>
/// <param name="Destination">To this destination.</param>
/// <param name="Client">Of this IP address, ip:port, or network such as 10.0.0.0/8.</param>
/// <param name="Sort">age (oldest first, the default), bytes (most first) or id.</param>
/// <param name="Limit">At most so many; 1 to 1000, 100 unless given.</param>
/// <param name="After">The cursor (next) of the page before.</param>
internal sealed record ConnectionQuery(
    [FromQuery(Name = "route")] string? Route,
    [FromQuery(Name = "endpoint")] string? Endpoint,
    [FromQuery(Name = "cluster")] string? Cluster,
    [FromQuery(Name = "destination")] string? Destination,
    [FromQuery(Name = "client")] string? Client,
    [FromQuery(Name = "sort")] string? Sort,
    [FromQuery(Name = "limit")] int? Limit,
    [FromQuery(Name = "after")] string? After
);
