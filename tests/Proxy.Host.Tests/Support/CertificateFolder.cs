using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Proxy.Host.Tests.Support;

/// <summary>Certificates of an authority, as files in a temporary folder.</summary>
internal sealed class CertificateFolder : IDisposable
{
    /// <summary>A common name that would clear a terminal and forge a line of a log.</summary>
    public const string Evil = "a\u001b[2J\nforged";

    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-certificates").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public CertificateFolder()
    {
        var request = new CertificateRequest("CN=authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(Now.AddDays(-400), Now.AddYears(1));
        Authority = Write("authority.pem", _authority.ExportCertificatePem());
    }

    /// <summary>The file of the authority.</summary>
    public string Authority { get; }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>The file of a certificate.</summary>
    public string Path(string name) => System.IO.Path.Combine(_folder, $"{name}.pem");

    /// <summary>Issues a certificate that is for localhost and 127.0.0.1, or for nothing but its common name.</summary>
    /// <returns>The value of Certificate in a configuration.</returns>
    public string Issue(string name, string? commonName = null, int days = 90)
    {
        using var issued = Create(commonName ?? name, commonName is null, days);
        Write($"{name}.key", issued.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        Write($"{name}.pem", issued.ExportCertificatePem());
        return JsonSerializer.Serialize(new { Path = Path(name), KeyPath = System.IO.Path.Combine(_folder, $"{name}.key") });
    }

    /// <summary>A certificate with its key, for a client.</summary>
    public X509Certificate2 Client(string commonName)
    {
        using var issued = Create(commonName, false, 90);
        return X509CertificateLoader.LoadPkcs12(issued.Export(X509ContentType.Pfx), null);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private X509Certificate2 Create(string commonName, bool isForHere, int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(commonName);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        if (isForHere)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
        }

        var serial = RandomNumberGenerator.GetBytes(8);
        serial[0] &= 0x7F;
        using var bare = request.Create(_authority, Now.AddDays(-90), Now.AddDays(days), serial);
        return bare.CopyWithPrivateKey(key);
    }

    private string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
