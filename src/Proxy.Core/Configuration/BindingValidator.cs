using System.Net;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Configuration;

/// <summary>Checks addresses against each other, and the routes that share one.</summary>
internal static class BindingValidator
{
    public static void Check(
        IReadOnlyList<EndpointBinding> bindings,
        ReverseProxyConfig config,
        IReadOnlyDictionary<string, IReadOnlyList<IPNetwork>> networks,
        ProblemList problems
    )
    {
        foreach (var group in bindings.Where(binding => binding.Address.UnixPath is null).GroupBy(binding => binding.Address.Port))
        {
            CheckOverlaps([.. group], config, problems);
        }

        foreach (var binding in bindings.Where(binding => binding.RouteIds.Count > 1))
        {
            CheckEqual(binding, networks, problems);
        }

        // A route is useless if an earlier one hides it on every address where it listens.
        foreach (
            var route in bindings
                .SelectMany(binding => binding.RouteIds.Select(id => (Id: id, Cover: CoveredBy(id, binding, networks))))
                .GroupBy(item => item.Id)
                .Where(group => group.All(item => item.Cover is not null))
        )
        {
            problems.Consequence(
                PathOf(route.Key),
                $"can never match, since route '{route.First().Cover}' takes its connections first; change its Match or Order.",
                CausesOf([route.Key, .. route.Select(item => item.Cover!)])
            );
        }
    }

    private static void CheckOverlaps(List<EndpointBinding> bindings, ReverseProxyConfig config, ProblemList problems)
    {
        foreach (var (index, binding) in bindings.Index())
        {
            var other = bindings.Take(index).FirstOrDefault(other => Conflict(other.Address, binding.Address));
            if (other is not null)
            {
                problems.Consequence(
                    PathOf(binding, config),
                    $"{binding.Address.Text} overlaps {other.Address.Text} of '{other.EndpointId}'; use one address, or another port."
                );
            }
        }
    }

    // On Linux a specific address and a wildcard of the same port can coexist; connections to the specific address go to its own socket.
    private static bool Conflict(ListenAddress one, ListenAddress other) =>
        one.Overlaps(other) && (!OperatingSystem.IsLinux() || one.IsWildcard == other.IsWildcard);

    private static string PathOf(EndpointBinding binding, ReverseProxyConfig config) =>
        config.TcpEndpoints.ContainsKey(binding.EndpointId)
            ? $"ReverseProxy:TcpEndpoints:{binding.EndpointId}:Address"
            : $"{PathOf(binding.RouteIds[0])}:Listen";

    private static void CheckEqual(
        EndpointBinding binding,
        IReadOnlyDictionary<string, IReadOnlyList<IPNetwork>> networks,
        ProblemList problems
    )
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var id in binding.RouteIds)
        {
            var key = string.Join(' ', networks[id].Select(network => network.ToString()).Distinct().Order(StringComparer.Ordinal));
            if (!seen.TryAdd(key, id))
            {
                problems.Consequence(
                    PathOf(id),
                    $"matches the same as route '{seen[key]}' on {binding.Address.Text}; change its Match, or remove one.",
                    CausesOf(id, seen[key])
                );
            }
        }
    }

    private static string? CoveredBy(string id, EndpointBinding binding, IReadOnlyDictionary<string, IReadOnlyList<IPNetwork>> networks)
    {
        var open = networks[id].ToList();
        var any = open.Count == 0;
        foreach (var other in binding.RouteIds.TakeWhile(other => other != id))
        {
            var covers = networks[other];
            open.RemoveAll(network => covers.Any(cover => Contains(cover, network)));
            if (covers.Count == 0 || (!any && open.Count == 0))
            {
                return other;
            }
        }

        return null;
    }

    private static string PathOf(string route) => $"ReverseProxy:TcpRoutes:{route}";

    // The keys that decide which connections a route takes.
    private static string[] CausesOf(params IEnumerable<string> routes) =>
        [.. routes.SelectMany(static route => (string[])[$"{PathOf(route)}:Match", $"{PathOf(route)}:Order"])];

    private static bool Contains(IPNetwork cover, IPNetwork network) =>
        cover.PrefixLength <= network.PrefixLength && cover.Contains(network.BaseAddress);
}
