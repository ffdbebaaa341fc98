using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Proxy.Configuration.Host;
using Proxy.Revisions;

namespace Proxy.Host.Admin;

/// <summary>TLS of the admin address, with Kestrel's default certificate and client certificates of the configured authority.</summary>
internal static class AdminCertificates
{
    private const string Key = "Admin:ClientCertificateAuthority";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <summary>Loads the certificates of the client certificate authority.</summary>
    /// <returns>The certificates; null when no authority is configured.</returns>
    /// <exception cref="InvalidConfigException">The file cannot be read or has no certificate.</exception>
    public static X509Certificate2Collection? Load(AdminConfig admin)
    {
        if (admin.ClientCertificateAuthority is not { } file)
        {
            return null;
        }

        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            return authorities.Count > 0 ? authorities : throw new CryptographicException("it contains no certificate.");
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidConfigException([new(Key, $"the file '{file}' cannot be read: {exception.Message}")]);
        }
    }

    // The client certificate is optional in the handshake: health probes do not have one, and other clients get an error that says why.
    public static void UseHttps(ListenOptions listen, X509Certificate2Collection? authorities) =>
        listen.UseHttps(https =>
        {
            if (authorities is not null)
            {
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = (certificate, chain, _) => IsTrusted(certificate, chain, authorities);
            }
        });

    private static bool IsTrusted(X509Certificate2 certificate, X509Chain? sent, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.CustomTrustStore.AddRange(authorities);
        policy.ExtraStore.AddRange(sent?.ChainElements.Skip(1).Select(static element => element.Certificate).ToArray() ?? []);
        policy.ApplicationPolicy.Add(new Oid(ClientUsage));
        return chain.Build(certificate);
    }
}
