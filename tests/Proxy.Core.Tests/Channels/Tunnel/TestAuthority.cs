using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels.Tunnel;

/// <summary>A certificate authority of a test, and the files it writes.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string Domain = "example.org";
    public const string Group = "prod";

    private static readonly (DateTimeOffset From, DateTimeOffset Until) _years = (
        DateTimeOffset.UnixEpoch.AddYears(51),
        DateTimeOffset.UnixEpoch.AddYears(99)
    );

    // In real time, on whatever clock an instance is: far more than a handshake or the answer to a ping takes on a busy machine.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("channels-");
    private readonly X509Certificate2 _root;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=Test CA {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        Bundle = Path.Combine(_folder.FullName, "ca.crt");
        File.WriteAllText(Bundle, _root.ExportCertificatePem());
    }

    /// <summary>The file of the authority.</summary>
    public string Bundle { get; }

    /// <summary>The URI that names an instance.</summary>
    public static string Uri(string instance, string group = Group, string domain = Domain) => $"spiffe://{domain}/c/{group}/i/{instance}";

    /// <summary>Writes a certificate that bears these names.</summary>
    public CertificateConfig Issue(params string[] uris)
    {
        using var certificate = Create(uris);
        var path = Path.Combine(_folder.FullName, Guid.NewGuid().ToString("N"));
        File.WriteAllText($"{path}.crt", certificate.ExportCertificatePem());
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText($"{path}.key", key.ExportPkcs8PrivateKeyPem());
        return new() { Path = $"{path}.crt", KeyPath = $"{path}.key" };
    }

    /// <summary>Writes a certificate with the one between it and the authority, which nobody has seen before.</summary>
    public CertificateConfig IssueThroughAnother(string uri)
    {
        using var between = Create(_root, "CN=between", isAuthority: true, _years);
        using var certificate = Create(between, "CN=instance", isAuthority: false, _years, uri);
        var path = Path.Combine(_folder.FullName, Guid.NewGuid().ToString("N"));
        File.WriteAllText($"{path}.crt", $"{certificate.ExportCertificatePem()}\n{between.ExportCertificatePem()}\n");
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText($"{path}.key", key.ExportPkcs8PrivateKeyPem());
        return new() { Path = $"{path}.crt", KeyPath = $"{path}.key" };
    }

    /// <summary>Makes one.</summary>
    public X509Certificate2 Create(params string[] uris) => Create(_root, "CN=instance", isAuthority: false, _years, uris);

    /// <summary>Makes one that was valid once.</summary>
    public X509Certificate2 CreateExpired(string uri) =>
        Create(
            _root,
            "CN=instance",
            isAuthority: false,
            (DateTimeOffset.UnixEpoch.AddYears(51), DateTimeOffset.UnixEpoch.AddYears(52)),
            uri
        );

    /// <summary>Makes one that might issue others, which an instance may not.</summary>
    public X509Certificate2 CreateAuthority(string uri) => Create(_root, "CN=instance", isAuthority: true, _years, uri);

    private static X509Certificate2 Create(
        X509Certificate2 issuer,
        string name,
        bool isAuthority,
        (DateTimeOffset From, DateTimeOffset Until) valid,
        params string[] uris
    )
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("ignored.example.org");
        foreach (var uri in uris)
        {
            names.AddUri(new Uri(uri));
        }

        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(issuer, valid.From, valid.Until, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>A tunnel of an instance, on a port that no other test gets: peers go on dialing it after the instance has stopped.</summary>
    public TunnelConfig Tunnel(string instance) =>
        new()
        {
            Url = $"https://{IPAddress.Loopback}:{Ports.Free()}",
            Certificate = Issue(Uri(instance)),
            TrustBundle = CopyOfBundle(),
            TrustDomain = Domain,
            ConnectTimeout = _patience,
            PingTimeout = _patience,
        };

    // Each instance has its own, to edit.
    private string CopyOfBundle()
    {
        var path = Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}.ca");
        File.Copy(Bundle, path);
        return path;
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Delete(recursive: true);
    }
}
