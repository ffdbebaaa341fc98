using System.Net;

namespace Proxy.Configuration;

/// <summary>Checks what one key alone does not tell, and works out which addresses to bind.</summary>
internal sealed class ConfigValidator(
    ProxyConfig config,
    ConfigurationNames names,
    Action<string, string> error,
    Action<string, string> warning
)
{
    private const string Routes = "ReverseProxy:TcpRoutes:";
    private const string Endpoints = "ReverseProxy:TcpEndpoints:";
    private const string Clusters = "ReverseProxy:Clusters:";
    private readonly ReverseProxyConfig _proxy = config.ReverseProxy;
    private readonly List<(string Id, ListenAddress Address, TcpEndpointConfig Config, string Path)> _addresses = [];

    public IReadOnlyList<EndpointBinding> Validate()
    {
        foreach (var (id, endpoint) in _proxy.TcpEndpoints)
        {
            AddAddresses(id, endpoint.Address, endpoint, $"{Endpoints}{id}:Address");
        }

        foreach (var (id, route) in _proxy.TcpRoutes)
        {
            CheckRoute(id, route);
        }

        foreach (var (id, cluster) in _proxy.Clusters)
        {
            CheckCluster(id, cluster);
        }

        CheckHttpRoutes();
        CheckOverlaps();
        CheckAdmin();
        return [.. _addresses.Select(Bind)];
    }

    private void AddAddresses(string id, IReadOnlyList<string> texts, TcpEndpointConfig endpoint, string path)
    {
        if (texts.Count == 0)
        {
            error(path, "an endpoint needs an address, \"*:8443\" say.");
        }

        foreach (var text in texts)
        {
            if (ListenAddress.TryParse(text, out var addresses, out var problem))
            {
                _addresses.AddRange(addresses.Select(address => (id, address, endpoint, path)));
            }
            else
            {
                error(path, problem!);
            }
        }
    }

    private void CheckRoute(string id, TcpRouteConfig route)
    {
        var path = Routes + id;
        var endpoints = route.Match?.Endpoints ?? [];
        if ((route.Listen is null) == (endpoints.Count == 0) && !names.KestrelRoutes.Contains(id, StringComparer.OrdinalIgnoreCase))
        {
            error(path, "a route needs exactly one of Listen and Match:Endpoints.");
        }

        foreach (var endpoint in endpoints.Where(endpoint => !_proxy.TcpEndpoints.ContainsKey(endpoint)))
        {
            error($"{path}:Match:Endpoints", $"no endpoint '{endpoint}'; {Known("endpoints", _proxy.TcpEndpoints.Keys)}");
        }

        if (route.Listen is { } listen && !_addresses.Exists(known => known.Id == listen))
        {
            AddAddresses(listen, [listen], new TcpEndpointConfig(), $"{path}:Listen");
        }

        foreach (var network in route.Match?.SourceNetworks ?? [])
        {
            if (!IPNetwork.TryParse(network, out _))
            {
                error($"{path}:Match:SourceNetworks", $"'{network}' is no network; write 10.0.0.0/8, with no bit set after the prefix.");
            }
        }

        CheckClusterOf(path, route.ClusterId, http: false);
        if (route.IdleTimeout < TimeSpan.Zero)
        {
            warning($"{path}:IdleTimeout", "without an idle timeout dead connections may stay for ever.");
        }
    }

    private void CheckClusterOf(string path, string? clusterId, bool http)
    {
        if (clusterId is null)
        {
            if (!http)
            {
                error($"{path}:ClusterId", $"a route needs a cluster; {Known("clusters", _proxy.Clusters.Keys)}");
            }
        }
        else if (!_proxy.Clusters.TryGetValue(clusterId, out var cluster))
        {
            error($"{path}:ClusterId", $"no cluster '{clusterId}'; {Known("clusters", _proxy.Clusters.Keys)}");
        }
        else if (cluster.Destinations.Values.Any(destination => IsHttp(destination.Address) != http && destination.Address is not null))
        {
            error(
                $"{path}:ClusterId",
                http
                    ? $"cluster '{clusterId}' has tcp destinations; an HTTP route needs http:// or https://."
                    : $"cluster '{clusterId}' has http destinations; a TCP route needs tcp:// or unix:."
            );
        }
    }

    private void CheckCluster(string id, ClusterSection cluster)
    {
        if (cluster.LoadBalancingPolicy is { } policy && !names.LoadBalancingPolicies.Contains(policy, StringComparer.OrdinalIgnoreCase))
        {
            error(
                $"{Clusters}{id}:LoadBalancingPolicy",
                $"unknown policy '{policy}'{Suggestion.For(policy, names.LoadBalancingPolicies)} Known: {string.Join(", ", names.LoadBalancingPolicies)}."
            );
        }

        foreach (var (destinationId, destination) in cluster.Destinations)
        {
            if (AddressProblem(destination.Address) is { } problem)
            {
                error($"{Clusters}{id}:Destinations:{destinationId}:Address", problem);
            }
        }

        var used = _proxy
            .TcpRoutes.Values.Select(static route => route.ClusterId)
            .Concat(_proxy.Routes.Values.Select(static route => route.ClusterId));
        if (!used.Contains(id, StringComparer.OrdinalIgnoreCase))
        {
            warning(Clusters + id, "no route uses this cluster.");
        }
    }

    private static string? AddressProblem(string? address)
    {
        if (string.IsNullOrEmpty(address))
        {
            return "a destination needs an address, \"tcp://127.0.0.1:6379\" say.";
        }

        if (address.StartsWith("unix:/", StringComparison.Ordinal) || IsHttp(address))
        {
            return null;
        }

        if (!address.Contains("://", StringComparison.Ordinal))
        {
            return $"'{address}' has no scheme; did you mean 'tcp://{address}'?";
        }

        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == "tcp" && uri.Port > 0 && uri.PathAndQuery.Length <= 1
            ? null
            : $"'{address}' is no address; write tcp://host:port, unix:/path, or http:// and https:// for HTTP routes.";
    }

    private static bool IsHttp(string? address) => address?.StartsWith("http", StringComparison.OrdinalIgnoreCase) == true;

    private void CheckHttpRoutes()
    {
        foreach (var (id, route) in _proxy.Routes)
        {
            CheckClusterOf($"ReverseProxy:Routes:{id}", route.ClusterId, http: true);
        }
    }

    private void CheckOverlaps()
    {
        for (var i = 0; i < _addresses.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (_addresses[i].Address.Overlaps(_addresses[j].Address))
                {
                    error(
                        _addresses[i].Path,
                        $"'{_addresses[i].Address.Text}' overlaps '{_addresses[j].Address.Text}' of '{_addresses[j].Id}'; share one endpoint by Match:Endpoints."
                    );
                }
            }
        }
    }

    private void CheckAdmin()
    {
        if (config.Admin is not { } admin)
        {
            return;
        }

        if (
            !Uri.TryCreate(admin.Url, UriKind.Absolute, out var uri)
            || uri.Scheme != "http"
            || !IPAddress.TryParse(uri.DnsSafeHost, out var ip)
        )
        {
            error("Admin:Url", $"'{admin.Url}' is no admin address; write http://127.0.0.1:9099.");
        }
        else if (!IPAddress.IsLoopback(ip) && string.IsNullOrEmpty(admin.Token))
        {
            error("Admin:Token", "an address that is not loopback needs a token.");
        }
    }

    private EndpointBinding Bind((string Id, ListenAddress Address, TcpEndpointConfig Config, string Path) bound)
    {
        var routes = _proxy
            .TcpRoutes.Where(pair =>
                pair.Value.Listen == bound.Id || pair.Value.Match?.Endpoints.Contains(bound.Id, StringComparer.OrdinalIgnoreCase) == true
            )
            .OrderBy(static pair => pair.Value.Order)
            .ThenByDescending(static pair => LongestPrefix(pair.Value))
            .ThenBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .ToList();
        foreach (var (earlier, later) in routes.SelectMany((route, i) => routes.Skip(i + 1).Select(next => (route, next))))
        {
            if ((earlier.Value.Match?.SourceNetworks ?? []).Count == 0)
            {
                error(
                    Routes + later.Key,
                    $"can never match on '{bound.Address.Text}': route '{earlier.Key}' comes first and takes every connection."
                );
            }
        }

        return new(bound.Id, bound.Address, bound.Config.Backlog, bound.Config.MaxConnections, [.. routes.Select(static pair => pair.Key)]);
    }

    private static int LongestPrefix(TcpRouteConfig route) =>
        (route.Match?.SourceNetworks ?? [])
            .Select(static text => IPNetwork.TryParse(text, out var network) ? network.PrefixLength : 0)
            .DefaultIfEmpty(-1)
            .Max();

    private static string Known(string what, IEnumerable<string> ids) =>
        $"known {what}: {string.Join(", ", ids.Select(static id => $"'{id}'"))}.";
}
