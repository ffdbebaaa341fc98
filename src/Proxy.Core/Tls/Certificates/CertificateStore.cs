using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Proxy.Configuration.Tls;

namespace Proxy.Tls.Certificates;

/// <summary>The certificates and bundles of the configuration. Those with the same configuration are one, and survive edits.</summary>
internal sealed class CertificateStore(TimeProvider time)
{
    private readonly ConcurrentDictionary<CertificateConfig, ServedCertificate> _certificates = new();
    private readonly ConcurrentDictionary<(string? Authorities, string? Revoked), TrustBundle> _bundles = new();

    /// <summary>A certificate; its files are read at the first call.</summary>
    /// <exception cref="CertificateException">It cannot be used.</exception>
    public ServedCertificate Certificate(CertificateConfig config) =>
        _certificates.GetOrAdd(
            config,
            static config =>
                new(
                    config,
                    CertificateReader.Read(
                        config,
                        CertificateFile.Read(config.Path),
                        config.KeyPath is { } key ? CertificateFile.Read(key) : null
                    )
                )
        );

    /// <summary>The authorities of a file; it is read at the first call.</summary>
    /// <exception cref="CertificateException">They cannot be used.</exception>
    public TrustBundle Trust(string authorityPath, string? revocationListPath) =>
        _bundles.GetOrAdd(
            (authorityPath, revocationListPath),
            static paths =>
            {
                var authorities = new X509Certificate2Collection();
                authorities.ImportFromPem(Encoding.Latin1.GetString(CertificateFile.Read(paths.Authorities!)));
                return new(authorities);
            }
        );

    /// <summary>The authorities of the system.</summary>
    /// <exception cref="CertificateException">The revocation list cannot be used.</exception>
    public TrustBundle SystemTrust(string? revocationListPath) =>
        _bundles.GetOrAdd((null, revocationListPath), static _ => new TrustBundle(null));

    /// <summary>Forgets what is not in use, after a revision was committed.</summary>
    /// <param name="certificates">The certificates in use.</param>
    /// <param name="bundles">The bundles in use: authorities, of which empty is the system's, and revocation list.</param>
    public void Keep(
        IReadOnlyCollection<CertificateConfig> certificates,
        IReadOnlyCollection<(string Authorities, string? Revoked)> bundles
    )
    {
        foreach (var config in _certificates.Keys.Except(certificates))
        {
            _certificates.TryRemove(config, out _);
        }

        var kept = bundles.Select(static one => (one.Authorities.Length > 0 ? one.Authorities : null, one.Revoked)).ToHashSet();
        foreach (var paths in _bundles.Keys.Where(paths => !kept.Contains(paths)))
        {
            _bundles.TryRemove(paths, out _);
        }
    }

    /// <summary>The certificates, by their paths.</summary>
    public IReadOnlyList<CertificateStatus> Status() =>
        [
            .. _certificates
                .Values.Select(one => new CertificateStatus(
                    one.Config.Path,
                    one.Leaf.Subject,
                    one.Names,
                    one.Leaf.Issuer,
                    one.Leaf.NotBefore,
                    one.Leaf.NotAfter,
                    time.GetUtcNow(),
                    null,
                    null,
                    []
                ))
                .OrderBy(static one => one.Path, StringComparer.Ordinal),
        ];
}
