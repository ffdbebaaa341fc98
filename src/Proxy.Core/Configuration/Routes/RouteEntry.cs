namespace Proxy.Configuration.Routes;

/// <summary>
/// A route in the order in which the routes of an address are tried. A route with several names has an entry for each, so that each name is as specific as
/// it is.
/// </summary>
/// <param name="RouteId">The id of the route.</param>
/// <param name="Order">The order that is configured.</param>
/// <param name="Name">The name; null for a route without names.</param>
/// <param name="Conditions">All conditions of the route.</param>
internal sealed record RouteEntry(string RouteId, int Order, NamePattern? Name, RouteConditions Conditions)
{
    /// <summary>
    /// Orders routes: first by Order, then exact names, longer wildcards, application protocols, protocols, client certificates (by
    /// names only, then by longer patterns), the longest network, and at last by id.
    /// </summary>
    /// <param name="routes">The ids, orders and conditions of routes.</param>
    public static IReadOnlyList<RouteEntry> Sort(IEnumerable<(string Id, int Order, RouteConditions Conditions)> routes) =>
        [
            .. routes
                .SelectMany(static route => Of(route.Id, route.Order, route.Conditions))
                .OrderBy(static entry => entry.Order)
                .ThenByDescending(static entry => entry.Name?.Specificity ?? -1)
                .ThenByDescending(static entry => entry.Conditions.AlpnProtocols.Count > 0)
                .ThenByDescending(static entry => entry.Conditions.Protocols.Count > 0)
                .ThenByDescending(static entry =>
                    entry.Conditions.ClientCertificates.Select(static one => one.Specificity).DefaultIfEmpty(-1).Min()
                )
                .ThenByDescending(static entry =>
                    entry.Conditions.SourceNetworks.Select(static network => network.PrefixLength).DefaultIfEmpty(-1).Max()
                )
                .ThenBy(static entry => entry.RouteId, StringComparer.OrdinalIgnoreCase),
        ];

    private static IEnumerable<RouteEntry> Of(string id, int order, RouteConditions conditions) =>
        conditions.ServerNames.Count == 0
            ? [new(id, order, null, conditions)]
            : conditions.ServerNames.Select(name => new RouteEntry(id, order, name, conditions));
}
