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
        ProblemList problems,
        CancellationToken cancellationToken
    )
    {
        // With port 0 each gets a port of its own, so that none overlaps another.
        foreach (
            var group in bindings
                .Where(binding => binding.Address is { UnixPath: null, Port: not 0 })
                .GroupBy(binding => binding.Address.Port)
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            CheckOverlaps(group, config, problems);
        }

        foreach (var binding in bindings.Where(binding => binding.RouteIds.Count > 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            CheckEqual(binding, networks, problems);
        }

        cancellationToken.ThrowIfCancellationRequested();

        // A route is useless if an earlier one hides it on every address where it listens.
        foreach (
            var route in bindings
                .SelectMany(binding => Covers(binding, networks))
                .GroupBy(static item => item.Id)
                .Where(static group => group.All(static item => item.Cover is not null))
        )
        {
            problems.Consequence(
                PathOf(route.Key),
                $"can never match; route '{route.First().Cover}' takes its connections first.",
                CausesOf([route.Key, .. route.Select(static item => item.Cover!)])
            );
        }
    }

    // All of one port. A specific address meets another only by being the same; the few wildcards are compared with each.
    private static void CheckOverlaps(IEnumerable<EndpointBinding> bindings, ReverseProxyConfig config, ProblemList problems)
    {
        var specific = new Dictionary<IPAddress, EndpointBinding>();
        var wildcards = new List<EndpointBinding>();
        foreach (var binding in bindings)
        {
            var candidates =
                binding.Address.IsWildcard ? wildcards.Concat(specific.Values)
                : specific.TryGetValue(binding.Address.Address!, out var same) ? wildcards.Prepend(same)
                : wildcards;
            var other = candidates.FirstOrDefault(other => Conflict(other.Address, binding.Address));
            if (other is not null)
            {
                problems.Consequence(
                    PathOf(binding, config),
                    $"{binding.Address.Text} overlaps {other.Address.Text} of '{other.EndpointId}'; use one address, or another port."
                );
            }

            if (binding.Address.IsWildcard)
            {
                wildcards.Add(binding);
            }
            else
            {
                specific.TryAdd(binding.Address.Address!, binding);
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

    // Each route of an address, and the route at which the last of its clients has been taken by routes before it, if all of them are.
    private static IEnumerable<(string Id, string? Cover)> Covers(
        EndpointBinding binding,
        IReadOnlyDictionary<string, IReadOnlyList<IPNetwork>> networks
    )
    {
        var before = new NetworkTable<int>();
        int? forAll = null;
        foreach (var (index, id) in binding.RouteIds.Index())
        {
            var last = LastCover(networks[id], before);
            var cover = last is null || forAll < last ? forAll : last;
            yield return (id, cover is { } taken ? binding.RouteIds[taken] : null);
            if (networks[id].Count == 0)
            {
                forAll ??= index;
            }

            foreach (var network in networks[id])
            {
                before.Add(network, index);
            }
        }
    }

    // The networks are covered once the last of them is; null when one is not.
    private static int? LastCover(IReadOnlyList<IPNetwork> networks, NetworkTable<int> before)
    {
        int? last = null;
        foreach (var network in networks)
        {
            if (before.FindCover(network) is not { } cover)
            {
                return null;
            }

            last = Math.Max(last ?? 0, cover);
        }

        return last;
    }

    private static string PathOf(string route) => $"ReverseProxy:TcpRoutes:{route}";

    // The keys that decide which connections a route takes.
    private static string[] CausesOf(params IEnumerable<string> routes) =>
        [.. routes.SelectMany(static route => (string[])[$"{PathOf(route)}:Match", $"{PathOf(route)}:Order"])];
}
