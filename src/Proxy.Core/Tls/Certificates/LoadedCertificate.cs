using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>A certificate with its key, as it was read at one moment.</summary>
/// <param name="context">What TLS presents.</param>
/// <param name="all">The certificates of the file.</param>
internal sealed class LoadedCertificate(SslStreamCertificateContext context, X509Certificate2Collection all)
{
    public SslStreamCertificateContext Context => context;

    public X509Certificate2 Leaf => context.TargetCertificate;

    /// <summary>The certificates of the file, in its order.</summary>
    public X509Certificate2Collection All => all;

    public CertificateNames Names { get; } = new(context.TargetCertificate);

    /// <summary>When its time begins.</summary>
    public DateTimeOffset NotBefore { get; } = context.TargetCertificate.NotBefore;

    /// <summary>When its time ends.</summary>
    public DateTimeOffset NotAfter { get; } = context.TargetCertificate.NotAfter;

    /// <summary>Whether its time has begun and has not ended.</summary>
    public bool IsValid(DateTimeOffset now) => NotBefore <= now && now < NotAfter;
}
