using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Routes;

/// <summary>A certificate that a route or a cluster names.</summary>
/// <param name="Key">The key of the configuration.</param>
/// <param name="Config">The certificate.</param>
/// <param name="IsServer">Whether it is presented to clients, rather than to destinations.</param>
internal sealed record UsedCertificate(string Key, CertificateConfig Config, bool IsServer);

/// <summary>Authorities and revocation lists that a route or a cluster names.</summary>
/// <param name="Key">The key of the configuration.</param>
/// <param name="Authorities">The file of the authorities; null for those of the system.</param>
/// <param name="Revoked">The file of the lists; null for none.</param>
internal sealed record UsedBundle(string Key, string? Authorities, string? Revoked);

/// <summary>Finds the certificates, authorities and revocation lists of routes and clusters.</summary>
internal static class UsedCertificates
{
    public static IEnumerable<UsedCertificate> Certificates(ReverseProxyConfig config) =>
        config
            .TcpRoutes.Where(static route => route.Value.Tls is not null)
            .SelectMany(static route =>
                route
                    .Value.Tls!.Certificate.Index()
                    .Select(one => new UsedCertificate(
                        RouteTlsValidator.KeyOf(RoutePath(route.Key), route.Value.Tls, one.Index),
                        one.Item,
                        true
                    ))
            )
            .Concat(
                from cluster in config.Clusters
                where cluster.Value.Tcp.Tls?.Certificate is not null
                select new UsedCertificate($"{ClusterPath(cluster.Key)}:Certificate", cluster.Value.Tcp.Tls!.Certificate!, false)
            );

    public static IEnumerable<UsedBundle> Bundles(ReverseProxyConfig config) =>
        (
            from route in config.TcpRoutes
            where route.Value.Tls is { ClientCertificates: not ClientCertificateMode.None }
            select new UsedBundle(
                $"{RoutePath(route.Key)}:ClientCertificateAuthority",
                route.Value.Tls!.ClientCertificateAuthority,
                route.Value.Tls.ClientCertificateRevocationList
            )
        ).Concat(
            from cluster in config.Clusters
            where cluster.Value.Tcp.Tls is { AllowInvalid: false }
            select new UsedBundle(
                $"{ClusterPath(cluster.Key)}:{(cluster.Value.Tcp.Tls!.CertificateAuthority is null ? "CertificateRevocationList" : "CertificateAuthority")}",
                cluster.Value.Tcp.Tls.CertificateAuthority,
                cluster.Value.Tcp.Tls.CertificateRevocationList
            )
        );

    private static string RoutePath(string id) => $"ReverseProxy:TcpRoutes:{id}:Tls";

    private static string ClusterPath(string id) => $"ReverseProxy:Clusters:{id}:Tcp:Tls";
}
