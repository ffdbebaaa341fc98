using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;
using Proxy.Configuration.Tls;
using Proxy.Tls.Certificates;

namespace Proxy.Revisions;

/// <summary>The certificates, authorities and revocation lists that the running revision uses.</summary>
public sealed class CertificateInventory
{
    private readonly CertificateStore _store;
    private readonly ProxyStatus _status;
    private readonly TimeProvider _time;
    private volatile ProxyConfig? _start; // of the first revision: its section Engine is in use until the end

    internal CertificateInventory(CertificateStore store, ProxyStatus status, TimeProvider time) =>
        (_store, _status, _time) = (store, status, time);

    /// <summary>Forgets what a revision does not use.</summary>
    internal void Keep(Revision revision)
    {
        _start ??= revision.Config;
        _store.Keep(
            [.. CertificatesOf(revision.Config).Select(static one => one.Config)],
            [.. BundlesOf(revision.Config).Select(static one => (one.Authorities, one.Revoked))]
        );
    }

    /// <summary>What is allowed about the certificates of a revision and probably not intended, with the keys that name them.</summary>
    internal IEnumerable<(string Key, string Warning)> Warnings(Revision revision)
    {
        var now = _time.GetUtcNow();
        return from used in CertificatesOf(revision.Config)
            let found = _store.Find(used.Config)
            where found is not null
            from warning in CertificateWarnings.Of(found.Loaded, used.IsServer ? CertificateUse.Server : CertificateUse.Client, now)
            select (used.Key, warning);
    }

    /// <summary>How a route of the running configuration terminates TLS.</summary>
    /// <param name="routeId">The id of the route; case is ignored.</param>
    /// <returns>Null if there is no such TCP route, or if it does not terminate TLS.</returns>
    public RouteTlsStatus? Route(string routeId) =>
        Used?.TcpRoutes.GetValueOrDefault(routeId) is { } route && EffectiveTls.Of(route) is { } tls
            ? new([.. tls.Certificate.Select(_store.Find).OfType<ServedCertificate>().Select(CertificateStatus.Of)], tls.ClientCertificates)
            {
                MinimumVersion = tls.MinimumVersion,
                AlpnProtocols = tls.AlpnProtocols,
                ClientCertificateAuthority = tls.ClientCertificateAuthority,
                ClientCertificateRevocationList = tls.ClientCertificateRevocationList,
                Problem =
                    tls.ClientCertificates == ClientCertificateMode.None
                        ? null
                        : ProblemOf(tls.ClientCertificateAuthority, tls.ClientCertificateRevocationList),
            }
            : null;

    /// <summary>How connections to the destinations of a cluster of the running configuration begin TLS.</summary>
    /// <param name="clusterId">The id of the cluster; case is ignored.</param>
    /// <returns>Null if there is no such cluster, or if its TCP destinations are connected in clear.</returns>
    public ClusterTlsStatus? Cluster(string clusterId) =>
        Used?.Clusters.GetValueOrDefault(clusterId)?.Tcp.Tls is { } tls
            ? new(tls.AllowInvalid)
            {
                ServerName = tls.ServerName,
                CertificateAuthority = tls.CertificateAuthority,
                CertificateRevocationList = tls.CertificateRevocationList,
                Certificate = tls.Certificate is { } own && _store.Find(own) is { } found ? CertificateStatus.Of(found) : null,
                Problem = tls.AllowInvalid ? null : ProblemOf(tls.CertificateAuthority, tls.CertificateRevocationList),
            }
            : null;

    /// <summary>The certificates in use, with the keys that name them.</summary>
    internal IEnumerable<(string Key, ServedCertificate Certificate)> Certificates() =>
        from used in _status.Current.Running is { Config: var config } ? CertificatesOf(config) : []
        let found = _store.Find(used.Config)
        where found is not null
        select (used.Key, found);

    /// <summary>The bundles in use, with the keys that name them.</summary>
    internal IEnumerable<(string Key, TrustBundle Bundle)> Bundles() =>
        from used in _status.Current.Running is { Config: var config } ? BundlesOf(config) : []
        let found = _store.Find(used.Authorities, used.Revoked)
        where found is not null
        select (used.Key, found);

    private IEnumerable<UsedCertificate> CertificatesOf(ProxyConfig config) =>
        UsedCertificates
            .Certificates(config.ReverseProxy)
            .Concat(
                (_start ?? config).Engine?.Etcd?.Certificate is { } own
                    ? [new UsedCertificate("Engine:Etcd:Certificate", own, IsServer: false)]
                    : []
            );

    private IEnumerable<UsedBundle> BundlesOf(ProxyConfig config) =>
        UsedCertificates
            .Bundles(config.ReverseProxy)
            .Concat(
                (_start ?? config).Engine?.Etcd is { } etcd
                    ? [new UsedBundle("Engine:Etcd:CertificateAuthority", etcd.CertificateAuthority, null)]
                    : []
            );

    private string? ProblemOf(string? authorities, string? revoked) =>
        _store.Find(authorities, revoked)?.Problem is { } problem ? Printable.Escape(problem.Text) : null;

    private ReverseProxyConfig? Used => _status.Current.Running?.Config.ReverseProxy;
}
