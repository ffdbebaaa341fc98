using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Clusters;

/// <summary>Checks clusters: their addresses, policies and use.</summary>
internal static class ClusterValidator
{
    public static void Check(
        IReadOnlyDictionary<string, ClusterSection> clusters,
        UsedClusters use,
        ConfigNames names,
        ProblemList problems,
        CancellationToken cancellationToken
    )
    {
        var (http, tcp) = (use.Http, use.Tcp);
        foreach (var (id, cluster) in clusters)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = $"ReverseProxy:Clusters:{id}";
            CheckAddresses(
                cluster,
                path,
                isHttp: http.Contains(id) && !tcp.Contains(id),
                isUsed: http.Contains(id) || tcp.Contains(id),
                problems
            );
            CheckPolicies(cluster, path, names, http.Contains(id), tcp.Contains(id), problems);
            if (!http.Contains(id) && !tcp.Contains(id))
            {
                problems.Warn(path, "no route uses this cluster; add a route, or remove the cluster.");
            }

            var isForHttp = IsForHttp(id, cluster, use);
            if (isForHttp && cluster.Tcp.SendProxyProtocol != ProxyProtocolVersion.None)
            {
                problems.Consequence(
                    $"{path}:Tcp:SendProxyProtocol",
                    $"is for tcp:// and unix: destinations, and {WhyHttp(cluster)}; leave it out.",
                    $"{path}:Destinations",
                    $"{path}:Connector"
                );
            }

            TlvTypes.Check(cluster.Tcp, $"{path}:Tcp", problems);
            ProbeValidator.Check(cluster, path, isForHttp ? WhyHttp(cluster) : null, problems);
            if (cluster.Tcp.Tls is { } tls)
            {
                CheckTls(tls, cluster, path, isForHttp, problems);
            }

            if (http.Contains(id))
            {
                WarnAboutTcpOnly(cluster, path, problems);
            }
        }
    }

    /// <summary>Whether the connections to a cluster's destinations are YARP's, which does not know the keys of Tcp.</summary>
    private static bool IsForHttp(string id, ClusterSection cluster, UsedClusters use) =>
        cluster.Destinations.Values.Any(static one => IsTcp(one) == false) || (cluster.Connector is not null && use.Http.Contains(id));

    private static string WhyHttp(ClusterSection cluster) =>
        cluster.Connector is null
            ? "this cluster has http:// or https:// ones"
            : "HTTP routes use this cluster, whose connector they reach by HTTP in clear within its channel";

    private static void CheckTls(ClusterTlsConfig tls, ClusterSection cluster, string path, bool isForHttp, ProblemList problems)
    {
        ClusterTlsValidator.Check(tls, $"{path}:Tcp:Tls", problems);
        if (!isForHttp)
        {
            TlsNameValidator.Check(tls, cluster, path, problems);
            return;
        }

        problems.Consequence(
            $"{path}:Tcp:Tls",
            cluster.Connector is null
                ? $"is for tcp:// and unix: destinations, and {WhyHttp(cluster)}, whose TLS is YARP's; leave it out, write https:// addresses, and what they need in HttpClient."
                : $"is for tcp:// and unix: destinations, and {WhyHttp(cluster)}; leave it out.",
            $"{path}:Destinations",
            $"{path}:Connector"
        );
    }

    /// <summary>Whether a destination is for TCP routes; null if its address does not tell.</summary>
    public static bool? IsTcp(DestinationSection destination) =>
        destination.Address.StartsWith("tcp://", StringComparison.OrdinalIgnoreCase)
        || SrvAddress.Is(destination.Address)
        || destination.Address.StartsWith("unix:", StringComparison.OrdinalIgnoreCase)
            ? true
        : IsHttp(destination.Address) ? false
        : null;

    private static bool IsHttp(string address) =>
        address.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        || address.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static void CheckAddresses(ClusterSection cluster, string path, bool isHttp, bool isUsed, ProblemList problems)
    {
        if (isUsed && cluster is { Destinations.Count: 0, Connector: null })
        {
            problems.Warn(
                $"{path}:Destinations",
                "is empty or missing, so whoever is sent here is refused; write \"Destinations\": { \"a\": { \"Address\": \"tcp://host:port\" } }."
            );
        }

        foreach (var (id, destination) in cluster.Destinations)
        {
            var place = $"{path}:Destinations:{id}";
            CheckAddress(destination.Address, $"{place}:Address", isHttp, ranges: true, problems);
            if (destination.Health is { } health)
            {
                CheckAddress(health, $"{place}:Health", isHttp, ranges: false, problems);
            }
        }

        if (cluster.Destinations.Values.Select(IsTcp).OfType<bool>().Distinct().Count() > 1)
        {
            problems.Consequence($"{path}:Destinations", "mixes tcp:// and http:// addresses; make them two clusters.");
        }
    }

    private static void CheckAddress(string address, string path, bool isHttp, bool ranges, ProblemList problems)
    {
        if (address.Length == 0)
        {
            problems.Consequence(path, "is empty; write tcp://host:port, unix:/path or http://host.");
        }
        else if (SrvAddress.Is(address))
        {
            CheckService(address, path, ranges, problems);
        }
        else if (IsHttp(address))
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out _))
            {
                problems.Consequence(path, $"'{address}' is no URL; write tcp://host:port, unix:/path or http://host.");
            }
        }
        else if (isHttp && !IsForTcp(address))
        {
            problems.Consequence(path, WrongUrl(address));
        }
        else if (
            ranges
                ? !DestinationAddress.TryParseRange(address, out _, out var error)
                : !DestinationAddress.TryParse(address, out _, out error)
        )
        {
            problems.Consequence(path, error ?? "is wrong.");
        }
    }

    private static void CheckService(string address, string path, bool mayBe, ProblemList problems)
    {
        if (!mayBe)
        {
            problems.Consequence(path, "a service has several addresses, of which each is checked; leave Health out.");
        }
        else if (!SrvAddress.TryParse(address, out _, out var error))
        {
            problems.Consequence(path, error ?? "is wrong.");
        }
    }

    private static bool IsForTcp(string address) => IsTcp(new DestinationSection { Address = address }) == true;

    // Of a cluster that HTTP routes use, where a TCP address would be no help.
    private static string WrongUrl(string address)
    {
        var shown = ScalarReader.Shorten(address);
        if (address.IndexOf("://", StringComparison.Ordinal) is var end and >= 0)
        {
            var meant = DidYouMean.Find(address[..end], ["http", "https"]);
            return $"'{shown}' is no http:// or https:// URL, which an HTTP route needs{DidYouMean.Suffix(meant is null ? null : ScalarReader.Shorten(meant + address[end..]))}";
        }

        return $"'{shown}' has no scheme; write 'http://{shown}' or 'https://{shown}', since an HTTP route uses the cluster.";
    }

    private static void CheckPolicies(ClusterSection cluster, string path, ConfigNames names, bool http, bool tcp, ProblemList problems)
    {
        var all = names.LoadBalancingPolicies.Union(names.HttpLoadBalancingPolicies, StringComparer.OrdinalIgnoreCase);
        var balancing = all.Where(name =>
            (!tcp || names.LoadBalancingPolicies.Contains(name, StringComparer.OrdinalIgnoreCase))
            && (!http || names.HttpLoadBalancingPolicies.Contains(name, StringComparer.OrdinalIgnoreCase))
        );
        CheckName(cluster.LoadBalancingPolicy, [.. balancing], $"{path}:LoadBalancingPolicy", problems);
        CheckName(cluster.SessionAffinity?.Policy, names.AffinityPolicies, $"{path}:SessionAffinity:Policy", problems);
        CheckName(cluster.SessionAffinity?.FailurePolicy, names.AffinityFailurePolicies, $"{path}:SessionAffinity:FailurePolicy", problems);
        CheckName(cluster.HealthCheck?.Active?.Policy, names.ActiveHealthPolicies, $"{path}:HealthCheck:Active:Policy", problems);
        CheckName(
            cluster.HealthCheck?.AvailableDestinationsPolicy,
            names.AvailableDestinationsPolicies,
            $"{path}:HealthCheck:AvailableDestinationsPolicy",
            problems
        );
        var passive = cluster.HealthCheck?.Passive?.Policy;
        CheckName(passive, names.PassiveHealthPolicies, $"{path}:HealthCheck:Passive:Policy", problems);
        if (tcp && passive is "TransportFailureRate")
        {
            problems.Warn(
                $"{path}:HealthCheck:Passive:Policy",
                "it evaluates HTTP requests only; use 'ConnectFailures', which evaluates TCP dials."
            );
        }
    }

    private static void CheckName(string? name, IReadOnlyCollection<string> known, string path, ProblemList problems)
    {
        if (!string.IsNullOrEmpty(name) && !known.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            problems.Consequence(path, $"no policy '{ScalarReader.Shorten(name)}'; known policies: {DidYouMean.List(known)}.");
        }
    }

    private static void WarnAboutTcpOnly(ClusterSection cluster, string path, ProblemList problems)
    {
        foreach (var (id, destination) in cluster.Destinations)
        {
            if (destination.Weight != 1 || destination.Backup)
            {
                var key = destination.Backup ? "Backup" : "Weight";
                problems.Warn($"{path}:Destinations:{id}:{key}", "HTTP routes ignore it, only TCP routes use it; leave it out.");
            }
        }
    }
}
