using Proxy.Configuration;
using Proxy.Configuration.Routes;
using Proxy.Tls.Certificates;

namespace Proxy.Revisions;

/// <summary>The certificates and bundles that the running revision uses.</summary>
internal sealed class CertificateInventory(CertificateStore store, ProxyStatus status, TimeProvider time)
{
    /// <summary>Forgets what a revision does not use.</summary>
    public void Keep(Revision revision)
    {
        var config = revision.Config.ReverseProxy;
        store.Keep(
            [.. UsedCertificates.Certificates(config).Select(static one => one.Config)],
            [.. UsedCertificates.Bundles(config).Select(static one => (one.Authorities, one.Revoked))]
        );
    }

    /// <summary>What is allowed about the certificates of a revision and probably not intended, with the keys that name them.</summary>
    public IEnumerable<(string Key, string Warning)> Warnings(Revision revision)
    {
        var now = time.GetUtcNow();
        return from used in UsedCertificates.Certificates(revision.Config.ReverseProxy)
            let found = store.Find(used.Config)
            where found is not null
            from warning in CertificateWarnings.Of(found.Loaded, used.IsServer ? CertificateUse.Server : CertificateUse.Client, now)
            select (used.Key, warning);
    }

    /// <summary>The certificates in use, by their paths.</summary>
    public IReadOnlyList<CertificateStatus> Status() =>
        [
            .. Certificates()
                .GroupBy(static one => one.Certificate, static one => one.Key)
                .Select(static group => Of(group.Key, [.. group]))
                .OrderBy(static one => one.Path, StringComparer.Ordinal),
        ];

    /// <summary>The certificates in use, with the keys that name them.</summary>
    public IEnumerable<(string Key, ServedCertificate Certificate)> Certificates() =>
        from used in Used is { } config ? UsedCertificates.Certificates(config) : []
        let found = store.Find(used.Config)
        where found is not null
        select (used.Key, found);

    /// <summary>The bundles in use, with the keys that name them.</summary>
    public IEnumerable<(string Key, TrustBundle Bundle)> Bundles() =>
        from used in Used is { } config ? UsedCertificates.Bundles(config) : []
        let found = store.Find(used.Authorities, used.Revoked)
        where found is not null
        select (used.Key, found);

    private ReverseProxyConfig? Used => status.Current.Running?.Config.ReverseProxy;

    private static CertificateStatus Of(ServedCertificate certificate, IReadOnlyList<string> keys)
    {
        var loaded = certificate.Loaded;
        return new(
            certificate.Config.Path,
            loaded.Leaf.Subject,
            loaded.Names.All,
            loaded.Leaf.Issuer,
            loaded.NotBefore,
            loaded.NotAfter,
            certificate.Since,
            certificate.Problem?.Text,
            certificate.Problem?.Since,
            keys
        );
    }
}
