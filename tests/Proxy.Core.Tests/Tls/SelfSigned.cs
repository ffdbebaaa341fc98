using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Core.Tests.Tls;

/// <summary>A certificate in memory.</summary>
internal static class SelfSigned
{
    public static X509Certificate2 Certificate { get; } = Create();

    private static X509Certificate2 Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }
}
