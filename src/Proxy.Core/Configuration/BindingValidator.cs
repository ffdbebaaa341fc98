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
            CheckEqual(binding, problems);
            CheckTls(binding, config, problems);
        }

        cancellationToken.ThrowIfCancellationRequested();
        CheckHidden(bindings, problems);
        WarnAboutWaits(bindings, config, problems);
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

    private static void CheckEqual(EndpointBinding binding, ProblemList problems)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in binding.Entries.GroupBy(static entry => entry.RouteId, StringComparer.OrdinalIgnoreCase))
        {
            var id = group.Key;
            var conditions = group.First().Conditions;
            var key = string.Join(
                '|',
                Key(conditions.SourceNetworks),
                Key(conditions.ServerNames),
                Key(conditions.AlpnProtocols),
                Key(conditions.Protocols),
                Key(conditions.ClientCertificates)
            );
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

    // Which of the routes takes a client is known after its handshake, which therefore has to be the same for all.
    private static void CheckTls(EndpointBinding binding, ReverseProxyConfig config, ProblemList problems)
    {
        var reported = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (
            var group in binding.Entries.GroupBy(static entry =>
                (entry.Name, Key(entry.Conditions.SourceNetworks), Key(entry.Conditions.AlpnProtocols), Key(entry.Conditions.Protocols))
            )
        )
        {
            if (group.FirstOrDefault(static entry => entry.Conditions.ClientCertificates.Count > 0)?.RouteId is not { } first)
            {
                continue;
            }

            var tls = EffectiveTls.Of(config.TcpRoutes[first]);
            foreach (var id in group.Select(static entry => entry.RouteId))
            {
                if (!TerminationValidator.AreSame(EffectiveTls.Of(config.TcpRoutes[id]), tls) && reported.Add(id))
                {
                    problems.Consequence(
                        $"{PathOf(id)}:Tls",
                        $"differs from that of route '{first}', and on {binding.Address.Text} only the client's certificate tells which of them takes a client: "
                            + "write the same Tls in both, with ClientCertificates 'Allow' if some clients have none"
                            + (config.TcpRoutes[id].Mode == config.TcpRoutes[first].Mode ? "." : $" ({EffectiveTls.OfHttp})."),
                        $"{PathOf(id)}:Tls",
                        $"{PathOf(first)}:Tls"
                    );
                }
            }
        }
    }

    private static string Key<T>(IReadOnlyList<T> values) =>
        string.Join(' ', values.Select(static value => value!.ToString()).Distinct().Order(StringComparer.Ordinal));

    // A route, or one of its names, is useless if earlier routes hide it on every address where it listens.
    private static void CheckHidden(IReadOnlyList<EndpointBinding> bindings, ProblemList problems)
    {
        var byRoute = bindings
            .SelectMany(static binding => Covers(binding.Entries))
            .GroupBy(static item => item.Entry.RouteId, StringComparer.OrdinalIgnoreCase);
        foreach (var route in byRoute)
        {
            if (route.All(static item => item.Cover is not null))
            {
                problems.Consequence(
                    PathOf(route.Key),
                    $"can never match; route '{route.First().Cover}' takes its connections first.",
                    CausesOf([route.Key, .. route.Select(static item => item.Cover!)])
                );
                continue;
            }

            foreach (
                var name in route
                    .GroupBy(static item => item.Entry.Name)
                    .Where(static name => name.All(static item => item.Cover is not null))
            )
            {
                problems.Consequence(
                    $"{PathOf(route.Key)}:Match:ServerNames",
                    $"'{name.Key}' can never match; route '{name.First().Cover}' takes its connections first, so remove it here or there.",
                    CausesOf([route.Key, .. name.Select(static item => item.Cover!)])
                );
            }
        }
    }

    // Each entry, and the route at which the last of its clients has been taken by routes before it, if all of them are.
    private static IEnumerable<(RouteEntry Entry, string? Cover)> Covers(IReadOnlyList<RouteEntry> entries)
    {
        var before = new TakenClients();
        foreach (var (index, entry) in entries.Index())
        {
            yield return (entry, before.FindCover(entry) is { } taken ? entries[taken].RouteId : null);
            before.Add(entry, index);
        }
    }

    // A client that says nothing before the server does cannot be told from one whose bytes are late. Clients of TLS and of HTTP speak first.
    private static void WarnAboutWaits(IReadOnlyList<EndpointBinding> bindings, ReverseProxyConfig config, ProblemList problems)
    {
        var warned = new HashSet<(string, string)>();
        foreach (var binding in bindings)
        {
            var waiting = binding
                .Entries.SkipWhile(static entry => !entry.Conditions.NeedsBytes)
                .FirstOrDefault(entry =>
                    !entry.Conditions.NeedsBytes && config.TcpRoutes[entry.RouteId] is { Tls: null, Mode: not TcpMode.Http }
                );
            if (waiting is not null && warned.Add((waiting.RouteId, binding.EndpointId)))
            {
                problems.Warn(
                    PathOf(waiting.RouteId),
                    $"is tried after routes that examine the client's first bytes on '{binding.EndpointId}', so a client that waits for the server to speak "
                        + $"first waits for PeekTimeout ({binding.PeekTimeout:c}) there; give such clients an endpoint of their own, or say in Match what "
                        + "this route's clients send."
                );
            }
        }
    }

    private static string PathOf(string route) => $"ReverseProxy:TcpRoutes:{route}";

    // The keys that decide which connections a route takes.
    private static string[] CausesOf(params IEnumerable<string> routes) =>
        [.. routes.SelectMany(static route => (string[])[$"{PathOf(route)}:Match", $"{PathOf(route)}:Order"])];
}
