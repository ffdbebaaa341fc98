using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Proxy.Configuration.Host;
using Proxy.Revisions;

namespace Proxy.Host.Admin;

/// <summary>TLS of the admin address: Kestrel's default certificate, and the client certificates that one authority has issued.</summary>
internal static class AdminCertificates
{
    private const string Key = "Admin:ClientCertificateAuthority";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <exception cref="InvalidConfigException">The authorities cannot be read.</exception>
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
            return authorities.Count > 0 ? authorities : throw new CryptographicException("it has no certificate.");
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidConfigException([new(Key, $"the file '{file}' cannot be read: {exception.Message}")]);
        }
    }

    // A certificate is asked for and not demanded: probes have none, and a client that needs one is told why it gets no answer.
    public static void Use(ListenOptions listen, X509Certificate2Collection? authorities) =>
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
