using Proxy.Configuration.Clusters;
using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>Checks Multiplex routes and the clusters that they use.</summary>
internal sealed class MultiplexRouteValidator(
    ReverseProxyConfig config,
    ConfigNames names,
    ProblemList problems,
    CancellationToken cancellationToken
)
{
    private const string DeclaredFraming = "(Framing)";

    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void Check(ReverseProxyConfig config, ConfigNames names, ProblemList problems, CancellationToken cancellationToken)
    {
        var validator = new MultiplexRouteValidator(config, names, problems, cancellationToken);
        var used = validator.CheckRoutes().ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, cluster) in config.Clusters)
        {
            if (cluster.Multiplex is null)
            {
                continue;
            }

            new MultiplexClusterValidator(names, problems).Check(cluster.Multiplex, $"ReverseProxy:Clusters:{id}:Multiplex");
            if (!used.Contains(id))
            {
                problems.Warn(
                    $"ReverseProxy:Clusters:{id}:Multiplex",
                    "no route with Mode Multiplex uses this cluster; add one, or leave Multiplex out."
                );
            }
        }
    }

    // Returns the clusters that are multiplexed.
    private List<string> CheckRoutes()
    {
        var used = new List<string>();
        foreach (var (id, route) in config.TcpRoutes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = $"ReverseProxy:TcpRoutes:{id}";
            if (route.Mode != TcpMode.Multiplex)
            {
                CheckForeign(route, path);
                continue;
            }

            var settings = route.Multiplex ?? new();
            used.Add(route.ClusterId ?? "");
            CheckCluster(route.ClusterId, $"{path}:ClusterId", id);
            CheckProtocol(settings, route.ClusterId, $"{path}:Multiplex:Protocol");
            if (settings.Modbus is { } modbus)
            {
                new ModbusValidator(names, problems).Check(
                    modbus,
                    settings.Protocol ?? ProtocolOf(route.ClusterId),
                    $"{path}:Multiplex:Modbus"
                );
                used.AddRange(CheckUnits(modbus, id, $"{path}:Multiplex:Modbus:Units"));
            }
        }

        return used;
    }

    private void CheckForeign(TcpRouteConfig route, string path)
    {
        if (route.Multiplex is not null)
        {
            problems.Consequence(
                $"{path}:Multiplex",
                $"is for routes with Mode Multiplex; this one has Mode {route.Mode}.",
                $"{path}:Mode"
            );
        }
    }

    private void CheckCluster(string? clusterId, string path, string routeId)
    {
        if (clusterId is null || !config.Clusters.TryGetValue(clusterId, out var cluster))
        {
            return; // reported elsewhere
        }

        var place = $"ReverseProxy:Clusters:{clusterId}";
        if (cluster.Multiplex is null)
        {
            problems.Consequence(
                path,
                $"cluster '{clusterId}' has no Multiplex block; name its Protocol there, or declare its Framing.",
                $"{place}:Multiplex"
            );
        }

        foreach (var (id, _) in cluster.Destinations.Where(static pair => SrvAddress.Is(pair.Value.Address)))
        {
            problems.Consequence(
                $"{place}:Destinations:{id}:Address",
                $"route '{routeId}' multiplexes this cluster, whose sessions belong to configured destinations; write tcp://host:port."
            );
        }

        if (cluster.HealthCheck?.Active?.Enabled == true)
        {
            problems.Consequence(
                $"{place}:HealthCheck:Active:Enabled",
                $"route '{routeId}' multiplexes this cluster, and a probe would be an additional connection; use HealthCheck:Passive."
            );
        }
    }

    private void CheckProtocol(MultiplexConfig settings, string? clusterId, string path)
    {
        if (settings.Protocol is not { } name || ProtocolOf(clusterId) is not { } cluster)
        {
            return;
        }

        if (Find(name) is not { } own)
        {
            var known = names.Protocols.Select(static protocol => protocol.Name).ToList();
            problems.Consequence(path, $"no protocol '{name}'{DidYouMean.Suffix(name, known)} Known protocols: {DidYouMean.List(known)}.");
        }
        else if (!own.Name.Equals(cluster, StringComparison.OrdinalIgnoreCase) && !own.IsConvertible(Find(cluster)))
        {
            var theirs = cluster == DeclaredFraming ? "declares its framing" : $"speaks '{cluster}'";
            problems.Consequence(
                path,
                $"there is no conversion from '{own.Name}': cluster '{clusterId}' {theirs}. Leave Protocol out.",
                $"ReverseProxy:Clusters:{clusterId}:Multiplex"
            );
        }
    }

    private List<string> CheckUnits(MultiplexModbusConfig modbus, string routeId, string path)
    {
        foreach (var (unit, target) in modbus.Units)
        {
            var place = $"{path}:{unit}:ClusterId";
            if (!config.Clusters.TryGetValue(target.ClusterId, out var cluster))
            {
                problems.Consequence(
                    place,
                    $"no cluster '{ScalarReader.Shorten(target.ClusterId)}'; known clusters: {DidYouMean.List(config.Clusters.Keys)}."
                );
                continue;
            }

            CheckCluster(target.ClusterId, place, routeId);
            if (cluster.Destinations.Values.Any(static destination => ClusterValidator.IsTcp(destination) == false))
            {
                problems.Consequence(
                    place,
                    $"cluster '{target.ClusterId}' has http:// destinations; a TCP route needs tcp:// or unix:, so name another cluster."
                );
            }
            else if (ProtocolOf(target.ClusterId) is { } protocol && Find(protocol) is not { IsModbus: true })
            {
                problems.Consequence(
                    place,
                    $"cluster '{target.ClusterId}' does not speak Modbus; name one that does.",
                    $"ReverseProxy:Clusters:{target.ClusterId}:Multiplex"
                );
            }
        }

        return [.. modbus.Units.Values.Select(static unit => unit.ClusterId)];
    }

    private string? ProtocolOf(string? clusterId) =>
        clusterId is not null && config.Clusters.TryGetValue(clusterId, out var cluster) && cluster.Multiplex is { } multiplex
            ? multiplex.Protocol ?? DeclaredFraming
            : null;

    private ProtocolName? Find(string name) => MultiplexClusterValidator.Find(names, name);
}
