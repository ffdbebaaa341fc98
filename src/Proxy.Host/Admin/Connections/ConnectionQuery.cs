using Microsoft.AspNetCore.Mvc;

namespace Proxy.Host.Admin.Connections;

/// <summary>The query parameters of the list of connections: filters, order and page.</summary>
/// <param name="Route">Only connections of this route.</param>
/// <param name="Endpoint">Only connections that this endpoint accepted.</param>
/// <param name="Cluster">Only connections to this cluster.</param>
/// <param name="Destination">Only connections to this destination.</param>
/// <param name="Client">Only connections from this IP address, ip:port or network such as 10.0.0.0/8.</param>
/// <param name="Sort">The order: age (oldest first, the default), bytes (most first) or id.</param>
/// <param name="Limit">The size of the page: 1 to 1000; default 100.</param>
/// <param name="After">The value of next from the previous page; the first page if omitted.</param>
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
