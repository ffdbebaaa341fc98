using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>Authorities and revocation lists, as they were read at one moment.</summary>
/// <param name="Authorities">The authorities; null for those of the system.</param>
/// <param name="Lists">The revocation lists; null if nothing is revoked.</param>
internal sealed record TrustContent(X509Certificate2Collection? Authorities, IReadOnlyList<RevocationList>? Lists)
{
    private readonly HashSet<string> _hashes = Authorities?.Select(static one => one.Thumbprint).ToHashSet(StringComparer.Ordinal) ?? [];

    /// <summary>Whether a certificate is one of the authorities.</summary>
    public bool Has(X509Certificate2 certificate) =>
        _hashes.Contains(certificate.Thumbprint)
        && Authorities!.Any(one => one.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span));

    /// <summary>Why a certificate is revoked or cannot be known not to be; null if it is not.</summary>
    /// <remarks>As with OpenSSL, which nginx and HAProxy use: where lists are given, every authority of a chain needs one that is not over.</remarks>
    public string? Revocation(X509Certificate2 certificate, X509Certificate2 issuer, DateTimeOffset now)
    {
        if (Lists is null)
        {
            return null;
        }

        var lists = Lists.Where(list => list.IsFrom(issuer)).ToList();
        if (lists.Count == 0)
        {
            return $"there is no revocation list of '{CertificateText.Subject(issuer)}' in {Lists[0].Path}";
        }

        if (lists.Select(list => list.RevokedAt(certificate)).FirstOrDefault(static at => at is not null) is { } at)
        {
            return $"'{CertificateText.Subject(certificate)}' (serial number {certificate.SerialNumber}) was revoked at {CertificateText.Time(at)}";
        }

        var begun = lists.Where(list => list.ThisUpdate <= now).ToList();
        return begun.Count == 0
                ? $"the revocation list of '{CertificateText.Subject(issuer)}' in {lists[0].Path} is not valid before "
                    + $"{CertificateText.Time(lists.Min(static list => list.ThisUpdate))}"
            : begun.Exists(list => list.NextUpdate is not { } next || now < next) ? null
            : $"the revocation list of '{CertificateText.Subject(issuer)}' in {lists[0].Path} is over since "
                + $"{CertificateText.Time(begun.Max(static list => list.NextUpdate!.Value))}; replace it";
    }
}
