using System.Net.Security;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Routes;

/// <summary>Checks how routes terminate TLS.</summary>
internal static class TlsRouteValidator
{
    private const int MaxAlpn = 255;

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
            if (route.Tls is { } tls)
            {
                CheckBlock(tls, $"{path}:Tls", problems);
                CheckTogether(tls, route, conditions[id], path, problems);
                if (mounted.Contains(id, StringComparer.OrdinalIgnoreCase))
                {
                    problems.Consequence(
                        $"{path}:Tls",
                        "is for connections that the proxy accepts itself; on an endpoint of Kestrel use its own UseHttps, or use Endpoints."
                    );
                }
            }

            if (conditions[id].ClientCertificates.Count > 0 && route.Tls is not { ClientCertificates: not ClientCertificateMode.None })
            {
                problems.Consequence(
                    $"{path}:Match:ClientCertificates",
                    "needs a Tls block that asks for certificates: \"Tls\": { \"Certificate\": …, \"ClientCertificates\": \"Required\", \"ClientCertificateAuthority\": … }.",
                    $"{path}:Tls"
                );
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
            && one.CipherSuites.SequenceEqual(other.CipherSuites, StringComparer.Ordinal)
            && one with { Certificate = other.Certificate, AlpnProtocols = other.AlpnProtocols, CipherSuites = other.CipherSuites } == other
        );

    private static void CheckBlock(RouteTlsConfig tls, string path, ProblemList problems)
    {
        if (tls.Certificate.Count == 0)
        {
            problems.Consequence(
                $"{path}:Certificate",
                "is empty; write { \"Path\": \"certificate.pem\", \"KeyPath\": \"key.pem\" }.",
                path
            );
        }

        foreach (var (index, protocol) in tls.AlpnProtocols.Index())
        {
            if (protocol.Length is 0 or > MaxAlpn || !protocol.All(static letter => letter is > ' ' and <= '~'))
            {
                problems.Error(
                    $"{path}:AlpnProtocols:{index}",
                    $"'{ScalarReader.Shorten(protocol)}' is no application protocol; write 1 to {MaxAlpn} visible ASCII characters, such as 'h2'."
                );
            }
        }

        CheckSuites(tls, path, problems);
        CheckClients(tls, path, problems);
    }

    private static void CheckSuites(RouteTlsConfig tls, string path, ProblemList problems)
    {
        foreach (var (index, name) in tls.CipherSuites.Index())
        {
            if (!Enum.IsDefined(typeof(TlsCipherSuite), name))
            {
                var known = Enum.GetNames<TlsCipherSuite>();
                problems.Error(
                    $"{path}:CipherSuites:{index}",
                    $"no cipher suite '{ScalarReader.Shorten(name)}'{DidYouMean.Suffix(name, known)} Write its IANA name, such as 'TLS_AES_256_GCM_SHA384'."
                );
            }
        }

        if (tls.CipherSuites.Count > 0 && !OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            problems.Consequence($"{path}:CipherSuites", "cannot be chosen on this system, whose own policy decides; leave it out.", path);
        }
    }

    private static void CheckClients(RouteTlsConfig tls, string path, ProblemList problems)
    {
        if (tls.ClientCertificates != ClientCertificateMode.None)
        {
            if (string.IsNullOrEmpty(tls.ClientCertificateAuthority))
            {
                problems.Consequence(
                    $"{path}:ClientCertificateAuthority",
                    $"is required with ClientCertificates {tls.ClientCertificates}; write the PEM file of the authorities whose certificates are valid.",
                    $"{path}:ClientCertificates"
                );
            }

            return;
        }

        Refuse(nameof(tls.ClientCertificateAuthority), tls.ClientCertificateAuthority);
        Refuse(nameof(tls.ClientCertificateRevocationList), tls.ClientCertificateRevocationList);

        void Refuse(string key, string? value)
        {
            if (value is not null)
            {
                problems.Consequence(
                    $"{path}:{key}",
                    "is for clients that are asked for a certificate; set ClientCertificates to Allow or Required, or leave it out.",
                    $"{path}:ClientCertificates"
                );
            }
        }
    }

    private static void CheckTogether(
        RouteTlsConfig tls,
        TcpRouteConfig route,
        RouteConditions conditions,
        string path,
        ProblemList problems
    )
    {
        if (conditions.Protocols.Count > 0 && !conditions.HasProtocol("Tls") && !conditions.HasProtocol("Postgres"))
        {
            problems.Consequence(
                $"{path}:Tls",
                $"a client of {string.Join(" or ", conditions.Protocols)} does not begin with TLS; remove Tls, or write Match:Protocols [\"Tls\"].",
                $"{path}:Match:Protocols"
            );
        }

        var missing = conditions.AlpnProtocols.Where(protocol => !tls.AlpnProtocols.Contains(protocol, StringComparer.Ordinal)).ToList();
        if (tls.AlpnProtocols.Count > 0 && missing.Count == conditions.AlpnProtocols.Count && missing.Count > 0)
        {
            problems.Consequence(
                $"{path}:Tls:AlpnProtocols",
                $"has none of Match:AlpnProtocols ({string.Join(", ", missing)}), so that every client of the route would be refused; add what the route takes.",
                $"{path}:Match:AlpnProtocols"
            );
        }
    }
}
