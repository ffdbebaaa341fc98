using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Proxy.Core.Tests.Tls.Origination;

/// <summary>An authority of a test, which certifies servers and clients, and the files it writes.</summary>
internal sealed class ServerAuthority : IDisposable
{
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private static readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow(); // one for all of a chain: none may outlast its issuer
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("servers-");
    private readonly X509Certificate2 _root;

    public ServerAuthority(string name = "Test CA")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddYears(-20), TimeProvider.System.GetUtcNow().AddYears(20));
        File = Write("ca.crt", _root.ExportCertificatePem());
    }

    /// <summary>The file of the authority.</summary>
    public string File { get; }

    /// <summary>The file, as a value in JSON.</summary>
    public string Json => JsonSerializer.Serialize(File);

    /// <summary>Makes a certificate with its key.</summary>
    /// <param name="names">DNS names and IP addresses; none makes one for localhost and 127.0.0.1.</param>
    public X509Certificate2 Issue(params string[] names) =>
        Issue(new Wanted { Names = names.Length == 0 ? ["localhost", "127.0.0.1"] : names });

    /// <summary>Makes a certificate with its key.</summary>
    public X509Certificate2 Issue(Wanted wanted)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(wanted.Subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(wanted.IsAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        if (wanted.IsAuthority)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        }
        else
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(wanted.Usage)], false));
        }

        if (wanted.Names.Count > 0)
        {
            var all = new SubjectAlternativeNameBuilder();
            foreach (var name in wanted.Names)
            {
                if (IPAddress.TryParse(name, out var ip))
                {
                    all.AddIpAddress(ip);
                }
                else
                {
                    all.AddDnsName(name);
                }
            }

            request.CertificateExtensions.Add(all.Build());
        }

        if (wanted.IsSelfSigned)
        {
            return request.CreateSelfSigned(wanted.From, wanted.Until);
        }

        var issuer = wanted.Issuer ?? _root;
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        using var certificate = request.Create(issuer, wanted.From, wanted.Until, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>Makes a certificate at the end of a chain of so many certificates, without the authority.</summary>
    /// <returns>The certificates, that of the server first.</returns>
    public X509Certificate2[] IssueChain(int length)
    {
        var chain = new X509Certificate2[length];
        for (var i = length - 1; i > 0; i--)
        {
            chain[i] = Issue(
                new Wanted
                {
                    Subject = $"CN=Between {i}",
                    IsAuthority = true,
                    Issuer = i == length - 1 ? null : chain[i + 1],
                }
            );
        }

        chain[0] = Issue(new Wanted { Issuer = length > 1 ? chain[1] : null });
        return chain;
    }

    /// <summary>Writes a list that revokes certificates.</summary>
    public string Revoke(params X509Certificate2[] certificates)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var certificate in certificates)
        {
            builder.AddEntry(certificate);
        }

        var list = builder.Build(_root, 1, TimeProvider.System.GetUtcNow().AddYears(1), HashAlgorithmName.SHA256);
        return Write($"{Guid.NewGuid():N}.crl", PemEncoding.WriteString("X509 CRL", list));
    }

    /// <summary>Writes certificates, the one with the key first, and that key into the same file.</summary>
    public string Write(params X509Certificate2[] certificates)
    {
        using var key = certificates[0].GetECDsaPrivateKey()!;
        return Write(
            $"{Guid.NewGuid():N}.pem",
            string.Join('\n', certificates.Select(static one => one.ExportCertificatePem())) + "\n" + key.ExportPkcs8PrivateKeyPem()
        );
    }

    public string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>What a server presents.</summary>
    public static SslStreamCertificateContext Context(params X509Certificate2[] certificates) =>
        SslStreamCertificateContext.Create(certificates[0], [.. certificates[1..]], offline: true);

    public void Dispose()
    {
        _root.Dispose();
        _folder.Delete(recursive: true);
    }

    internal sealed record Wanted
    {
        public string Subject { get; init; } = "CN=server";
        public IReadOnlyList<string> Names { get; init; } = ["localhost", "127.0.0.1"];
        public DateTimeOffset From { get; init; } = _now.AddDays(-10);
        public DateTimeOffset Until { get; init; } = _now.AddDays(100);
        public string Usage { get; init; } = ServerUsage;
        public X509Certificate2? Issuer { get; init; }
        public bool IsAuthority { get; init; }
        public bool IsSelfSigned { get; init; }
    }
}
