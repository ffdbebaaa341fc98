using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Host.Tests.Admin;

/// <summary>A certificate authority, with certificates that it has issued and others that it has not.</summary>
internal sealed class AdminAuthority : IDisposable
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    private static readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();
    private readonly X509Certificate2 _authority = CreateAuthority("ours");
    private readonly Dictionary<string, X509Certificate2> _shown;

    public AdminAuthority(string folder)
    {
        using var stranger = CreateAuthority("theirs");
        var server = Issue(_authority, ServerUsage, _now.AddDays(1));
        _shown = new()
        {
            ["client"] = Issue(_authority, ClientUsage, _now.AddDays(1)),
            ["server"] = server,
            ["stranger"] = Issue(stranger, ClientUsage, _now.AddDays(1)),
            ["expired"] = Issue(_authority, ClientUsage, _now.AddDays(-1)),
        };
        AuthorityFile = Write(folder, "ca.pem", _authority.ExportCertificatePem());
        ServerFile = Write(folder, "server.pem", server.ExportCertificatePem());
        ServerKeyFile = Write(folder, "server.key", server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    public string AuthorityFile { get; }

    public string ServerFile { get; }

    public string ServerKeyFile { get; }

    /// <summary>A client that sends this certificate and trusts servers of the authority.</summary>
    public HttpClient CreateClient(string? shown)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate?.GetCertHashString() == _shown["server"].Thumbprint;
        if (shown is not null)
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => _shown[shown];
        }

        return new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version11 };
    }

    public void Dispose()
    {
        _authority.Dispose();
        foreach (var certificate in _shown.Values)
        {
            certificate.Dispose();
        }
    }

    private static string Write(string folder, string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static X509Certificate2 CreateAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(_now.AddDays(-10), _now.AddDays(10));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string usage, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=one", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        using var certificate = request.Create(authority, _now.AddDays(-2), until, RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(key);
    }
}
