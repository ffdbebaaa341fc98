using Proxy.Configuration.Clusters;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Configuration;

/// <summary>Checks clusters whose destinations have a range of ports: a route has to listen at as many, since they map one to one.</summary>
internal static class PortRangeValidator
{
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void Check(
        IReadOnlyList<EndpointBinding> bindings,
        ReverseProxyConfig config,
        ProblemList problems,
        CancellationToken cancellationToken
    )
    {
        var ranges = config
            .Clusters.Select(static cluster => (cluster.Key, Range: Range.Of(cluster.Key, cluster.Value)))
            .Where(static pair => pair.Range is not null)
            .ToDictionary(static pair => pair.Key, static pair => pair.Range!, StringComparer.OrdinalIgnoreCase);
        if (ranges.Count == 0)
        {
            return;
        }

        foreach (var range in ranges.Values)
        {
            CheckCluster(range, problems);
        }

        var listens = bindings
            .SelectMany(static binding => binding.RouteIds.Select(route => (Route: route, binding.Address)))
            .ToLookup(static pair => pair.Route, static pair => pair.Address, StringComparer.OrdinalIgnoreCase);
        foreach (var (id, route) in config.TcpRoutes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = $"ReverseProxy:TcpRoutes:{id}";
            if (route.Mode == TcpMode.Multiplex)
            {
                CheckMultiplex(route, path, ranges, problems);
            }
            else if (ranges.TryGetValue(route.ClusterId ?? "", out var range))
            {
                CheckRoute(path, route, [.. listens[id]], range, problems);
            }
        }
    }

    private static void CheckCluster(Range range, ProblemList problems)
    {
        foreach (var (id, destination) in range.Cluster.Destinations)
        {
            var path = $"ReverseProxy:Clusters:{range.ClusterId}:Destinations:{id}";
            if (Count(destination) is { } count && count != range.Ports)
            {
                problems.Consequence(
                    $"{path}:Address",
                    $"has {Ports(count)}, and destination '{range.DestinationId}' has {range.Ports}; all of a cluster need equally many."
                );
            }
            else if (range.Cluster.HealthCheck?.Active?.Enabled == true && destination.Health is null)
            {
                problems.Consequence(
                    $"{path}:Health",
                    "is missing: an active health check needs one port, and Address is a range; give it a Health address, or use HealthCheck:Passive."
                );
            }
        }
    }

    private static void CheckMultiplex(TcpRouteConfig route, string path, Dictionary<string, Range> ranges, ProblemList problems)
    {
        IEnumerable<(string Path, string? Cluster)> used =
        [
            ($"{path}:ClusterId", route.ClusterId),
            .. (route.Multiplex?.Modbus?.Units ?? ById.Empty<Multiplexing.ModbusUnitConfig>()).Select(unit =>
                ($"{path}:Multiplex:Modbus:Units:{unit.Key}:ClusterId", unit.Value.ClusterId)
            ),
        ];
        foreach (var (place, cluster) in used.Where(one => ranges.ContainsKey(one.Cluster ?? "")))
        {
            problems.Consequence(
                place,
                $"cluster '{cluster}' has a range of ports, which Multiplex cannot use; give it one port, or use Mode Forward."
            );
        }
    }

    private static void CheckRoute(string path, TcpRouteConfig route, List<ListenAddress> listens, Range range, ProblemList problems)
    {
        var wrong = listens.Find(address => address.RangeSize != range.Ports);
        if (wrong is null && listens.Count > 0)
        {
            return;
        }

        var count = wrong is null ? "no address of its own" : Ports(wrong.RangeSize);
        problems.Consequence(
            path,
            $"listens at {count}, and destination '{range.DestinationId}' of cluster '{range.ClusterId}' has {Ports(range.Ports)}; they map one to one, so make both ranges equally long.",
            [
                $"{path}:Listen",
                $"{path}:Match",
                $"{path}:ClusterId",
                .. (route.Match?.Endpoints ?? []).Select(static endpoint => $"ReverseProxy:TcpEndpoints:{endpoint}"),
            ]
        );
    }

    private static string Ports(int count) => count == 1 ? "1 port" : $"{count} ports";

    private static int? Count(DestinationSection destination) =>
        DestinationAddress.TryParseRange(destination.Address, out var address, out _) ? address.PortCount : null;

    /// <summary>A cluster with a destination that has more than one port, and the first such destination.</summary>
    private sealed record Range(string ClusterId, ClusterSection Cluster, string DestinationId, int Ports)
    {
        public static Range? Of(string id, ClusterSection cluster) =>
            cluster
                .Destinations.Where(static one => Count(one.Value) > 1)
                .Select(one => new Range(id, cluster, one.Key, Count(one.Value)!.Value))
                .FirstOrDefault();
    }
}
