using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Tls;

namespace Proxy.Core.Tests.Tls.Certificates;

/// <summary>Authorities of a test, and files of certificates that they have issued.</summary>
internal sealed class CertificateFolder : IDisposable
{
    public const string Server = "1.3.6.1.5.5.7.3.1";
    public const string Client = "1.3.6.1.5.5.7.3.2";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tls-");
    private int _count;

    public CertificateFolder() => Root = Create($"CN=Root {Guid.NewGuid():N}", null, isAuthority: true, names: []);

    /// <summary>The time at which certificates are made; they are valid from a day before to 300 days behind it.</summary>
    public DateTimeOffset Now { get; init; } = TimeProvider.System.GetUtcNow();

    public X509Certificate2 Root { get; }

    public string Path => _folder.FullName;

    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The file of the root.</summary>
    public string Bundle() => Write("ca.pem", Root.ExportCertificatePem());

    public X509Certificate2 Issue(params string[] names) => Create($"CN={names.FirstOrDefault()}", Root, names: names);

    public X509Certificate2 Authority(string name, X509Certificate2? issuer = null) =>
        Create($"CN={name}", issuer ?? Root, isAuthority: true, names: []);

    public X509Certificate2 Create(
        string subject,
        X509Certificate2? issuer,
        bool isAuthority = false,
        string[]? names = null,
        string[]? usages = null,
        AsymmetricAlgorithm? key = null,
        (DateTimeOffset From, DateTimeOffset Until)? valid = null,
        Action<CertificateRequest>? then = null
    )
    {
        key ??= ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(
                isAuthority ? X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign : X509KeyUsageFlags.DigitalSignature,
                true
            )
        );
        if (!isAuthority)
        {
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([.. (usages ?? [Server, Client]).Select(static usage => new Oid(usage))], false)
            );
        }

        if (names is { Length: > 0 })
        {
            var builder = new SubjectAlternativeNameBuilder();
            foreach (var name in names)
            {
                if (IPAddress.TryParse(name, out var address))
                {
                    builder.AddIpAddress(address);
                }
                else
                {
                    builder.AddDnsName(name);
                }
            }

            request.CertificateExtensions.Add(builder.Build());
        }

        then?.Invoke(request);
        var (from, until) = valid ?? (Now.AddDays(-1), Now.AddDays(isAuthority ? 3000 : 300));
        if (issuer is null)
        {
            return request.CreateSelfSigned(from, until);
        }

        using var own = request.Create(
            issuer.SubjectName,
            issuer.GetRSAPrivateKey() is { } signer
                ? X509SignatureGenerator.CreateForRSA(signer, RSASignaturePadding.Pkcs1)
                : X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!),
            from,
            until,
            RandomNumberGenerator.GetBytes(12)
        );
        return key is RSA itsRsa ? own.CopyWithPrivateKey(itsRsa) : own.CopyWithPrivateKey((ECDsa)key);
    }

    public string Write(string name, string text)
    {
        File.WriteAllText(In(name), text);
        return In(name);
    }

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(In(name), content);
        return In(name);
    }

    /// <summary>Files of a certificate, its key, and what is behind it.</summary>
    public CertificateConfig Pem(X509Certificate2 certificate, params X509Certificate2[] behind)
    {
        var name = $"{++_count}";
        return new() { Path = Write($"{name}.crt", ChainOf([certificate, .. behind])), KeyPath = Write($"{name}.key", KeyOf(certificate)) };
    }

    public CertificateConfig Pfx(X509Certificate2 certificate, string? password, params X509Certificate2[] behind)
    {
        var all = new X509Certificate2Collection { certificate };
        all.AddRange(behind.Select(static one => X509CertificateLoader.LoadCertificate(one.RawData)).ToArray());
        return new() { Path = Write($"{++_count}.pfx", all.Export(X509ContentType.Pfx, password)!), Password = password };
    }

    public static string ChainOf(IEnumerable<X509Certificate2> certificates) =>
        string.Concat(certificates.Select(static one => $"{one.ExportCertificatePem()}\n"));

    public static string KeyOf(X509Certificate2 certificate) =>
        certificate.GetRSAPrivateKey()?.ExportPkcs8PrivateKeyPem() ?? certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    /// <summary>A revocation list in DER.</summary>
    public byte[] List(X509Certificate2 issuer, DateTimeOffset? next = null, params X509Certificate2[] revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var one in revoked)
        {
            builder.AddEntry(one, Now.AddHours(-1));
        }

        return issuer.GetRSAPrivateKey() is not null
            ? builder.Build(issuer, 1, next ?? Now.AddDays(7), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, Now.AddDays(-1))
            : builder.Build(issuer, 1, next ?? Now.AddDays(7), HashAlgorithmName.SHA256, null, Now.AddDays(-1));
    }

    public static string PemOf(byte[] list) => PemEncoding.WriteString("X509 CRL", list) + "\n";

    public void Dispose()
    {
        Root.Dispose();
        _folder.Delete(recursive: true);
    }
}
