using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Tls.Certificates;

namespace Proxy.Revisions.Probing;

/// <summary>Reads the files of certificates and authorities of channels, of the admin endpoint and of Kestrel, and reports those that are not valid now.</summary>
internal static class CertificateProbe
{
    public static void Run(Revision revision, DateTimeOffset now, ProblemList problems)
    {
        if (revision.Config.Channels?.Tunnel is { } tunnel)
        {
            Check("Channels:Tunnel:Certificate", Pair(tunnel.Certificate), now, problems);
            Check("Channels:Tunnel:TrustBundle", Authorities(tunnel.TrustBundle), now, problems, bundle: true);
        }

        var clients = revision.Snapshot["Admin:ClientCertificateAuthority"];
        Check("Admin:ClientCertificateAuthority", Authorities(clients), now, problems, bundle: true);
        var kestrel = revision.Snapshot.GetSection("Kestrel");
        var sections = kestrel
            .GetSection("Certificates")
            .GetChildren()
            .Concat(kestrel.GetSection("Endpoints").GetChildren().Select(static endpoint => endpoint.GetSection("Certificate")));
        foreach (var section in sections)
        {
            Check(section.Path, Kestrels(section), now, problems);
        }
    }

    private static void Check(
        string path,
        Func<X509Certificate2Collection>? read,
        DateTimeOffset now,
        ProblemList problems,
        bool bundle = false
    )
    {
        if (read is null)
        {
            return;
        }

        try
        {
            var certificates = read();
            if (certificates.Count == 0)
            {
                problems.Error(path, "the file has no certificate; it has to be PEM.");
            }

            foreach (var certificate in certificates)
            {
                if (Invalid(certificate, now) is { } invalid)
                {
                    Report(path, invalid, bundle || (certificate.NotBefore <= now && certificate.NotAfter > now), problems);
                }

                certificate.Dispose();
            }
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            problems.Error(path, $"cannot be read: {exception.Message}");
        }
    }

    // A bundle may keep expired certificates beside current ones.
    private static void Report(string path, string invalid, bool harmless, ProblemList problems)
    {
        if (harmless)
        {
            problems.Warn(path, invalid);
        }
        else
        {
            problems.Error(path, invalid);
        }
    }

    private static string? Invalid(X509Certificate2 certificate, DateTimeOffset now) =>
        now < certificate.NotBefore ? $"'{certificate.Subject}' is not valid before {certificate.NotBefore.ToUniversalTime():u}."
        : now > certificate.NotAfter ? $"'{certificate.Subject}' expired at {certificate.NotAfter.ToUniversalTime():u}."
        : now > CertificateTime.RenewalDue(certificate.NotBefore, certificate.NotAfter)
            ? $"'{certificate.Subject}' expires at {certificate.NotAfter.ToUniversalTime():u}."
        : null;

    private static Func<X509Certificate2Collection>? Pair(CertificateConfig? pair) =>
        pair is null ? null : () => [X509Certificate2.CreateFromPemFile(pair.Path, pair.KeyPath)];

    private static Func<X509Certificate2Collection>? Authorities(string? file) =>
        string.IsNullOrEmpty(file)
            ? null
            : () =>
            {
                var found = new X509Certificate2Collection();
                found.ImportFromPemFile(file);
                return found;
            };

    // Certificates of a store are read by the system. A file without a separate key is PKCS #12, as in Kestrel.
    private static Func<X509Certificate2Collection>? Kestrels(IConfigurationSection section) =>
        section["Path"] is not { Length: > 0 } file ? null
        : section["KeyPath"] is not { Length: > 0 } key ? () => [X509CertificateLoader.LoadPkcs12FromFile(file, section["Password"])]
        : section["Password"] is { Length: > 0 } password ? () => [X509Certificate2.CreateFromEncryptedPemFile(file, password, key)]
        : () => [X509Certificate2.CreateFromPemFile(file, key)];
}
