using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Routes;

/// <summary>Checks the termination of TLS together with the other keys of its route.</summary>
internal static class TerminationValidator
{
    /// <summary>Checks the routes.</summary>
    /// <param name="routes">The routes.</param>
    /// <param name="conditions">Their conditions.</param>
    /// <param name="mounted">The routes that run on endpoints of Kestrel.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(
        IReadOnlyDictionary<string, TcpRouteConfig> routes,
        IReadOnlyDictionary<string, RouteConditions> conditions,
        IReadOnlyCollection<string> mounted,
        ProblemList problems
    )
    {
        foreach (var (id, route) in routes)
        {
            var path = $"ReverseProxy:TcpRoutes:{id}";
            if (EffectiveTls.Of(route) is { } tls)
            {
                CheckProtocols(conditions[id], path, problems);
                CheckAlpn(tls, isWritten: route.Tls!.AlpnProtocols.Count > 0, conditions[id], path, problems);
                if (mounted.Contains(id, StringComparer.OrdinalIgnoreCase))
                {
                    problems.Consequence(
                        $"{path}:Tls",
                        "is for connections that the proxy accepts itself; on an endpoint of Kestrel use its own UseHttps, or use Endpoints."
                    );
                }
            }
        }
    }

    /// <summary>Whether two routes terminate TLS in the same way.</summary>
    public static bool AreSame(RouteTlsConfig? one, RouteTlsConfig? other) =>
        ReferenceEquals(one, other)
        || (
            one is not null
            && other is not null
            && one.Certificate.SequenceEqual(other.Certificate)
            && one.AlpnProtocols.SequenceEqual(other.AlpnProtocols, StringComparer.Ordinal)
            && one.CipherSuites.SequenceEqual(other.CipherSuites, StringComparer.OrdinalIgnoreCase) // as they are read
            && one with { Certificate = other.Certificate, AlpnProtocols = other.AlpnProtocols, CipherSuites = other.CipherSuites } == other
        );

    private static void CheckProtocols(RouteConditions conditions, string path, ProblemList problems)
    {
        if (conditions.Protocols.Count > 0 && !conditions.HasProtocol("Tls") && !conditions.HasProtocol("Postgres"))
        {
            problems.Consequence(
                $"{path}:Tls",
                $"a client of {string.Join(" or ", conditions.Protocols)} does not begin with TLS; remove Tls, or write Match:Protocols [\"Tls\"].",
                $"{path}:Match:Protocols"
            );
        }
    }

    // Without protocols to agree on, a client is served by what it offers.
    private static void CheckAlpn(RouteTlsConfig tls, bool isWritten, RouteConditions conditions, string path, ProblemList problems)
    {
        var taken = conditions.AlpnProtocols;
        if (tls.AlpnProtocols.Count == 0 || taken.Count == 0 || taken.Any(one => tls.AlpnProtocols.Contains(one, StringComparer.Ordinal)))
        {
            return;
        }

        if (isWritten)
        {
            problems.Consequence(
                $"{path}:Tls:AlpnProtocols",
                $"has none of Match:AlpnProtocols ({string.Join(", ", taken)}), so that every client of the route would be refused; add what the route takes.",
                $"{path}:Match:AlpnProtocols"
            );
        }
        else
        {
            problems.Consequence(
                $"{path}:Match:AlpnProtocols",
                $"has no protocol that is agreed on, so that every client of the route would be refused: Mode Http agrees on {string.Join(" and ", tls.AlpnProtocols)}; "
                    + "add one of them, or leave it out.",
                $"{path}:Tls:AlpnProtocols",
                $"{path}:Mode"
            );
        }
    }
}
