using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Configuration.Tls;

namespace Proxy.Tls.Certificates;

/// <summary>
/// The certificates and bundles of the configuration. Those with the same configuration are one, and survive edits. Their files are read again by
/// <see cref="Refresh"/>, and never by a handshake.
/// </summary>
internal sealed partial class CertificateStore(TimeProvider time, ILogger<CertificateStore>? logger = null)
{
    private readonly ILogger _logger = logger ?? NullLogger<CertificateStore>.Instance;
    private readonly ConcurrentDictionary<CertificateConfig, ServedCertificate> _certificates = new();
    private readonly ConcurrentDictionary<(string? Authorities, string? Revoked), TrustBundle> _bundles = new();
    private readonly Generation _generation = new();
    private readonly Lock _reading = new();

    /// <summary>A certificate; its files are read at the first call.</summary>
    /// <exception cref="CertificateException">It cannot be used.</exception>
    public ServedCertificate Certificate(CertificateConfig config)
    {
        CheckPlatform();
        return _certificates.GetOrAdd(config, added => new(added, _generation, time));
    }

    /// <summary>The authorities of a file; it is read at the first call.</summary>
    /// <exception cref="CertificateException">They cannot be used.</exception>
    public TrustBundle Trust(string authorityPath, string? revocationListPath) => Bundle(authorityPath, revocationListPath);

    /// <summary>The authorities of the system.</summary>
    /// <exception cref="CertificateException">The revocation list cannot be used.</exception>
    public TrustBundle SystemTrust(string? revocationListPath) => Bundle(null, revocationListPath);

    /// <summary>Forgets what is not in use, after a revision was committed.</summary>
    /// <param name="certificates">The certificates in use.</param>
    /// <param name="bundles">The bundles in use: authorities, of which null or empty is the system's, and revocation list.</param>
    public void Keep(
        IReadOnlyCollection<CertificateConfig> certificates,
        IReadOnlyCollection<(string? Authorities, string? Revoked)> bundles
    )
    {
        foreach (var config in _certificates.Keys.Except(certificates))
        {
            _certificates.TryRemove(config, out _);
        }

        var kept = bundles.Select(static one => (string.IsNullOrEmpty(one.Authorities) ? null : one.Authorities, one.Revoked)).ToHashSet();
        foreach (var paths in _bundles.Keys.Where(paths => !kept.Contains(paths)))
        {
            _bundles.TryRemove(paths, out _);
        }
    }

    /// <summary>Reads all files again, and uses those that have changed and are good.</summary>
    public void Refresh()
    {
        lock (_reading)
        {
            foreach (var certificate in _certificates.Values)
            {
                Tell(certificate, certificate.Refresh());
            }

            foreach (var bundle in _bundles.Values)
            {
                Tell(bundle, bundle.Refresh());
            }
        }
    }

    /// <summary>What is wrong with the reading that is under way; null if it is not late.</summary>
    public string? Slow =>
        _certificates
            .Values.Select(static one => one.Slow)
            .Concat(_bundles.Values.Select(static one => one.Slow))
            .FirstOrDefault(static slow => slow is not null)
            ?.Text;

    /// <summary>A certificate that is in use; null if none of this configuration is.</summary>
    public ServedCertificate? Find(CertificateConfig config) => _certificates.GetValueOrDefault(config);

    /// <summary>A bundle that is in use; null if none of these files is.</summary>
    public TrustBundle? Find(string? authorityPath, string? revocationListPath) =>
        _bundles.GetValueOrDefault((authorityPath, revocationListPath));

    private TrustBundle Bundle(string? authorityPath, string? revocationListPath)
    {
        CheckPlatform();
        return _bundles.GetOrAdd((authorityPath, revocationListPath), paths => new(paths.Authorities, paths.Revoked, time));
    }

    private static void CheckPlatform()
    {
        if (TlsPlatform.Problem is { } problem)
        {
            throw new CertificateException($"TLS {problem}");
        }
    }

    private void Tell(ServedCertificate certificate, Reading reading)
    {
        if (reading == Reading.Replaced)
        {
            Log.Replaced(
                _logger,
                certificate.Config.Path,
                CertificateText.List(certificate.Names),
                certificate.Loaded.NotAfter.UtcDateTime
            );
        }
        else if (reading == Reading.Failed)
        {
            Log.Kept(_logger, certificate.Config.Path, certificate.Loaded.NotAfter.UtcDateTime, certificate.Problem?.Text ?? "");
        }
    }

    private void Tell(TrustBundle bundle, Reading reading)
    {
        var path = bundle.AuthorityPath ?? bundle.RevocationListPath ?? "";
        if (reading == Reading.Replaced)
        {
            Log.BundleReplaced(_logger, path, bundle.Content.Authorities?.Count ?? 0, bundle.Content.Lists?.Count ?? 0);
        }
        else if (reading == Reading.Failed)
        {
            Log.BundleKept(_logger, path, bundle.Problem?.Text ?? "");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The certificate {Path} was replaced: it is for {Names}, valid until {Until:u}.")]
        public static partial void Replaced(ILogger logger, string path, string names, DateTime until);

        [LoggerMessage(
            LogLevel.Warning,
            "The files of the certificate {Path} have changed and cannot be used, so the certificate that is valid until {Until:u} stays in use until they can: {Reason}"
        )]
        public static partial void Kept(ILogger logger, string path, DateTime until, string reason);

        [LoggerMessage(
            LogLevel.Information,
            "The authorities or revocation lists of {Path} were replaced: {Authorities} authorities and {Lists} lists."
        )]
        public static partial void BundleReplaced(ILogger logger, string path, int authorities, int lists);

        [LoggerMessage(
            LogLevel.Warning,
            "The authorities or revocation lists of {Path} have changed and cannot be used, so the old ones stay in use until they can: {Reason}"
        )]
        public static partial void BundleKept(ILogger logger, string path, string reason);
    }
}
