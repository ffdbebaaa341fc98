using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Core.Tests.Tls.Termination;

/// <summary>An authority whose certificates are files in a temporary folder.</summary>
internal sealed class Authority : IDisposable
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-tls").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly List<X509Certificate2> _issued = [];

    public Authority(string name = "CN=test authority")
    {
        var request = new CertificateRequest(name, _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true)
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-2), TimeProvider.System.GetUtcNow().AddYears(1));
        Path = Write("authority.pem", _certificate.ExportCertificatePem());
    }

    /// <summary>The PEM file of its own certificate.</summary>
    public string Path { get; }

    /// <summary>What a route's Certificate says for a name.</summary>
    public string Server(string name) => Files(Issue($"CN={name}", ServerUsage, names => names.AddDnsName(name)), name);

    /// <summary>A client's certificate.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="names">Adds alternative names.</param>
    /// <param name="isExpired">Whether its time is over.</param>
    public X509Certificate2 Client(string subject, Action<SubjectAlternativeNameBuilder>? names = null, bool isExpired = false) =>
        Issue(subject, ClientUsage, names, isExpired);

    /// <summary>A client's certificate that is expired, and valid from the year 0 on, which OpenSSL reads and .NET does not.</summary>
    public X509Certificate2 ClientOfYearZero(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var since = new DateTimeOffset(1949, 1, 1, 0, 0, 0, TimeSpan.Zero); // written with four digits of the year
        using var readable = request.Create(
            _certificate.SubjectName,
            X509SignatureGenerator.CreateForECDsa(_key),
            since,
            TimeProvider.System.GetUtcNow().AddHours(-1),
            [1, 2, 3]
        );
        var parts = new AsnReader(readable.RawData, AsnEncodingRules.DER).ReadSequence();
        var signed = parts.ReadEncodedValue().ToArray();
        "0000"u8.CopyTo(signed.AsSpan(signed.AsSpan().IndexOf("19490101000000Z"u8)));
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(signed);
            writer.WriteEncodedValue(parts.ReadEncodedValue().Span);
            writer.WriteBitString(_key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }

        using var bare = X509CertificateLoader.LoadCertificate(writer.Encode());
        var issued = bare.CopyWithPrivateKey(key);
        _issued.Add(issued);
        return issued;
    }

    /// <summary>A file with a list that revokes certificates.</summary>
    public string Revoke(params X509Certificate2[] certificates)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var certificate in certificates)
        {
            builder.AddEntry(certificate);
        }

        var list = builder.Build(_certificate, 1, TimeProvider.System.GetUtcNow().AddDays(30), HashAlgorithmName.SHA256);
        return Write("revoked.pem", PemEncoding.WriteString("X509 CRL", list));
    }

    /// <summary>The files of a certificate and its key, for programs.</summary>
    public (string Certificate, string Key) Export(X509Certificate2 certificate, string name) =>
        (
            Write($"{name}.pem", certificate.ExportCertificatePem()),
            Write($"{name}.key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())
        );

    public void Dispose()
    {
        _issued.ForEach(static one => one.Dispose());
        _certificate.Dispose();
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Files(X509Certificate2 certificate, string name)
    {
        var (path, key) = Export(certificate, name);
        return $$"""{ "Path": "{{path}}", "KeyPath": "{{key}}" }""";
    }

    private X509Certificate2 Issue(string subject, string usage, Action<SubjectAlternativeNameBuilder>? names, bool isExpired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        if (names is not null)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            names(alternatives);
            request.CertificateExtensions.Add(alternatives.Build());
        }

        var serial = RandomNumberGenerator.GetBytes(8);
        serial[0] &= 0x7F;
        using var bare = request.Create(
            _certificate,
            TimeProvider.System.GetUtcNow().AddDays(-1),
            isExpired ? TimeProvider.System.GetUtcNow().AddHours(-1) : TimeProvider.System.GetUtcNow().AddDays(200),
            serial
        );
        using var withKey = bare.CopyWithPrivateKey(key);
        var issued = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
        _issued.Add(issued);
        return issued;
    }

    private string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
