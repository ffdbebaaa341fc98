using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>A certificate with its key, as it was read at one moment.</summary>
internal sealed class LoadedCertificate(SslStreamCertificateContext context)
{
    public SslStreamCertificateContext Context => context;

    public X509Certificate2 Leaf => context.TargetCertificate;

    public CertificateNames Names { get; } = new(context.TargetCertificate);
}
