using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Configuration.Routes;
using Proxy.Diagnostics;
using Proxy.Host.Contracts;
using Proxy.Revisions;

namespace Proxy.Host.Admin;

/// <summary>The routes, with their clusters and traffic.</summary>
internal static class RouteApi
{
    private const string Http = "Http";

    private static readonly RequestSums _none = new()
    {
        Open = 0,
        Ended = new Dictionary<string, long>(),
        Statuses = new Dictionary<string, long>(),
        Duration = TimeSpan.Zero,
        BytesIn = 0,
        BytesOut = 0,
    };

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(
                "/routes",
                static (
                    ProxyStatus status,
                    ProxyMetrics metrics,
                    RequestMetrics requests,
                    KnownConditions known,
                    CertificateInventory certificates
                ) => List(status, metrics, requests, known).Select(route => With(route, certificates))
            )
            .WithSummary("The routes. HTTP routes have the mode Http, and requests instead of connections.");
        api.MapGet("/routes/{id}", One).WithSummary("One route.");
    }

    public static IReadOnlyList<RouteAnswer> List(ProxyStatus status, ProxyMetrics metrics, RequestMetrics requests, KnownConditions known)
    {
        if (status.Current.Running is not { } running)
        {
            return [];
        }

        var traffic = metrics.Traffic().ToDictionary(static route => route.RouteId, StringComparer.OrdinalIgnoreCase);
        var http = requests.Traffic().ToLookup(static one => one.RouteId, static one => one.Sums, StringComparer.OrdinalIgnoreCase);
        var endpoints = running
            .Bindings.SelectMany(static binding => binding.RouteIds, static (binding, route) => (Route: route, binding.EndpointId))
            .ToLookup(static pair => pair.Route, static pair => pair.EndpointId, StringComparer.OrdinalIgnoreCase);
        return
        [
            .. running
                .Config.ReverseProxy.TcpRoutes.Select(pair =>
                    Tcp(pair.Key, pair.Value, endpoints[pair.Key], traffic.GetValueOrDefault(pair.Key))
                )
                .Concat(
                    running.HttpRoutes.Select(route => new RouteAnswer(route.RouteId, Http, [], route.ClusterId)
                    {
                        Requests = RequestSums.Of(http[route.RouteId].Append(_none)),
                    })
                )
                .Select(known.With)
                .OrderBy(static route => route.Id, StringComparer.OrdinalIgnoreCase),
        ];
    }

    private static Results<Ok<RouteAnswer>, NotFound<ApiError>> One(
        string id,
        ProxyStatus status,
        ProxyMetrics metrics,
        RequestMetrics requests,
        KnownConditions known,
        CertificateInventory certificates
    ) =>
        List(status, metrics, requests, known).FirstOrDefault(route => route.Id.Equals(id, StringComparison.OrdinalIgnoreCase)) is { } found
            ? TypedResults.Ok(With(found, certificates))
            : TypedResults.NotFound(new ApiError($"There is no route '{id}'."));

    private static RouteAnswer Tcp(string id, TcpRouteConfig route, IEnumerable<string> endpoints, RouteTraffic? traffic) =>
        new(id, route.Mode.ToString(), Sorted(endpoints), route.ClusterId)
        {
            Connector = route.Connector,
            Connections = traffic?.Open ?? 0,
            Ended = StatusReader.Ended(traffic is null ? [] : [traffic]),
            BytesIn = traffic?.ReceivedBytes ?? 0,
            BytesOut = traffic?.SentBytes ?? 0,
        };

    // Not in List, since the events of the dashboard have a bounded size.
    private static RouteAnswer With(RouteAnswer route, CertificateInventory certificates) =>
        route with
        {
            Tls = certificates.Route(route.Id),
        };

    private static List<string> Sorted(IEnumerable<string> ids) =>
        [.. ids.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase)];
}
