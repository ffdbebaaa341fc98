using Proxy.Configuration.Endpoints;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Configuration;

/// <summary>Combines endpoints and Listens to one binding per address.</summary>
internal sealed class BindingBuilder(
    ReverseProxyConfig config,
    ConfigNames names,
    IReadOnlyDictionary<string, RouteConditions> conditions,
    IReadOnlyDictionary<string, EndpointNetworks> networks,
    ProblemList problems
)
{
    private readonly Dictionary<string, EndpointBinding> _bindings = new(StringComparer.Ordinal);

    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyList<EndpointBinding> Build(CancellationToken cancellationToken)
    {
        var routes = config
            .TcpRoutes.SelectMany(static route =>
                (route.Value.Match?.Endpoints ?? []).Select(endpoint => (Endpoint: endpoint, Route: route.Key))
            )
            .ToLookup(static item => item.Endpoint, static item => item.Route, StringComparer.OrdinalIgnoreCase);
        foreach (var (id, endpoint) in config.TcpEndpoints)
        {
            cancellationToken.ThrowIfCancellationRequested();
            AddEndpoint(id, endpoint, [.. routes[id].Distinct()]);
        }

        foreach (var (id, route) in config.TcpRoutes.Where(item => !string.IsNullOrEmpty(item.Value.Listen)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            AddListen(id, (route.Listen ?? "").Trim());
        }

        return [.. _bindings.Values.Select(Complete)];
    }

    // With port 0 each endpoint gets a port of its own, so that only the id tells them apart.
    private static string KeyOf(ListenAddress address, string id) =>
        address is { Port: 0, UnixPath: null } ? $"{address.Text} {id}" : address.Text;

    private void AddEndpoint(string id, TcpEndpointConfig endpoint, List<string> routes)
    {
        var path = $"ReverseProxy:TcpEndpoints:{id}";
        if (endpoint.Address.Count == 0)
        {
            problems.Consequence($"{path}:Address", "is empty; write an address such as '*:8443'.", $"{path}:Address");
        }

        if (routes.Count == 0 && !names.KestrelRoutes.Contains(id, StringComparer.OrdinalIgnoreCase))
        {
            problems.Warn(
                path,
                "no route uses this endpoint, so its connections are closed immediately; add a route, or remove the endpoint."
            );
        }

        foreach (var (index, text) in endpoint.Address.Index())
        {
            var place = endpoint.Address.Count == 1 ? $"{path}:Address" : $"{path}:Address:{index}";
            foreach (var address in Parse(text, place))
            {
                var binding = new EndpointBinding(id, address, endpoint.Backlog, endpoint.MaxConnections, routes)
                {
                    PeekTimeout = endpoint.PeekTimeout,
                    MaxConcurrentHandshakes = endpoint.MaxConcurrentHandshakes,
                    ProxyProtocol = endpoint.ProxyProtocol,
                    Networks = networks[id],
                };
                if (!_bindings.TryAdd(KeyOf(address, id), binding))
                {
                    var other = _bindings[KeyOf(address, id)].EndpointId;
                    problems.Consequence(
                        place,
                        $"{address.Text} is used twice; TcpEndpoint '{other}' has it already, so use another address or port."
                    );
                }
            }
        }
    }

    private void AddListen(string id, string listen)
    {
        var path = $"ReverseProxy:TcpRoutes:{id}:Listen";
        foreach (var address in Parse(listen, path))
        {
            var key = KeyOf(address, listen);
            if (!_bindings.TryGetValue(key, out var binding))
            {
                List<string> routes = [id];
                _bindings.Add(key, new EndpointBinding(listen, address, new TcpEndpointConfig { Address = [] }.Backlog, null, routes));
            }
            else if (config.TcpEndpoints.ContainsKey(binding.EndpointId))
            {
                problems.Consequence(
                    path,
                    $"{address.Text} is the address of TcpEndpoint '{binding.EndpointId}'; use Match:Endpoints: [\"{binding.EndpointId}\"] instead."
                );
            }
            else
            {
                // The list was created below and is not shared yet; copying it for each route would be quadratic.
                ((List<string>)binding.RouteIds).Add(id);
            }
        }
    }

    private IReadOnlyList<ListenAddress> Parse(string text, string path)
    {
        if (!ListenAddress.TryParse(text.Trim(), out var addresses, out var error))
        {
            problems.Consequence(path, error ?? "is wrong.");
        }

        return addresses;
    }

    private EndpointBinding Complete(EndpointBinding binding)
    {
        var entries = RouteEntry.Sort(binding.RouteIds.Select(id => (id, config.TcpRoutes[id].Order, conditions[id])));
        return binding with
        {
            Entries = entries,
            RouteIds = [.. entries.Select(static entry => entry.RouteId).Distinct(StringComparer.OrdinalIgnoreCase)],
            InOrder = binding.RouteIds.Any(id => config.TcpRoutes[id].Mode is TcpMode.Lock or TcpMode.Multiplex),
        };
    }
}
