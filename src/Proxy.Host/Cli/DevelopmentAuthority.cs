using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Host.Cli;

/// <summary>A certificate authority for development, whose files are in the folder of what it issues. It is created unless the folder has one.</summary>
internal sealed class DevelopmentAuthority : IDisposable
{
    /// <summary>The name of its files, without their extension.</summary>
    public const string Name = "ca";

    private const int Years = 10;
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _certificate;

    /// <param name="folder">The folder.</param>
    /// <param name="now">The time from which a new one is valid.</param>
    /// <exception cref="IOException">Its files cannot be read or written, or there is only one of both, which is not replaced.</exception>
    public DevelopmentAuthority(string folder, DateTimeOffset now)
    {
        var path = Path.Combine(folder, Name);
        _certificate = (File.Exists($"{path}.crt"), File.Exists($"{path}.key")) switch
        {
            (true, true) => X509Certificate2.CreateFromPemFile($"{path}.crt", $"{path}.key"),
            (false, false) => Create(path, now),
            (var has, _) => throw new IOException(
                $"has {Name}.{(has ? "crt" : "key")} and no {Name}.{(has ? "key" : "crt")}, so that nothing can be issued; put the file that is missing there, or choose another --folder."
            ),
        };
    }

    /// <summary>Writes a certificate for servers and clients, and its key.</summary>
    /// <param name="path">The path of both files, without their extension.</param>
    /// <param name="subject">The common name.</param>
    /// <param name="from">When it begins to be valid; clocks that are five minutes behind are allowed for.</param>
    /// <param name="until">When it ends; at the latest when the authority does.</param>
    /// <param name="addNames">Adds its alternative names.</param>
    public void Issue(
        string path,
        string subject,
        DateTimeOffset from,
        DateTimeOffset until,
        Action<SubjectAlternativeNameBuilder> addNames
    )
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(subject);
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerUsage), new Oid(ClientUsage)], false));
        // Strict verifiers, such as that of Python 3.13, want to be told by which key it is signed (RFC 5280, 4.2.1.1).
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        var names = new SubjectAlternativeNameBuilder();
        addNames(names);
        request.CertificateExtensions.Add(names.Build());
        var end = until < _certificate.NotAfter ? until : new DateTimeOffset(_certificate.NotAfter);
        using var certificate = request.Create(_certificate, from.AddMinutes(-5), end, RandomNumberGenerator.GetBytes(16));
        Write(path, certificate.ExportCertificatePem(), key);
    }

    public void Dispose() => _certificate.Dispose();

    private static X509Certificate2 Create(string path, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=proxy development", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var authority = request.CreateSelfSigned(now.AddHours(-1), now.AddYears(Years));
        Write(path, authority.ExportCertificatePem(), key);
        return authority;
    }

    // Files of an own are renamed over those that exist, so that no mode is inherited and no link is followed. The key is the first: if the command fails
    // in between, no certificate without a key is left.
    private static void Write(string path, string certificate, ECDsa key)
    {
        var (ofKey, ofCertificate) = (Temporary($"{path}.key"), Temporary($"{path}.crt"));
        try
        {
            WriteNew(ofKey, $"{key.ExportPkcs8PrivateKeyPem()}\n", UnixFileMode.UserRead | UnixFileMode.UserWrite);
            WriteNew(ofCertificate, $"{certificate}\n", null);
            File.Move(ofKey, $"{path}.key", overwrite: true);
            File.Move(ofCertificate, $"{path}.crt", overwrite: true);
        }
        finally
        {
            File.Delete(ofKey);
            File.Delete(ofCertificate);
        }
    }

    private static string Temporary(string path) => $"{path}.{Path.GetRandomFileName()}.tmp";

    private static void WriteNew(string path, string content, UnixFileMode? mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (mode is not null && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(content);
    }
}
