using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Proxy.Tls.Certificates;

/// <summary>Authorities and revocation lists of the configuration. What they are at a moment changes with their files.</summary>
/// <param name="authorities">The authorities; null for those of the system.</param>
internal sealed class TrustBundle(X509Certificate2Collection? authorities)
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <summary>Verifies a certificate of a peer. It takes CPU and no input or output.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="sent">The certificates that the peer has sent with it.</param>
    /// <param name="use">What it is used for.</param>
    /// <param name="serverName">The DNS name or IP address that it has to be for; null checks none.</param>
    /// <returns>Null if it is valid, else why not, in one sentence.</returns>
    public string? Refusal(X509Certificate2 certificate, IEnumerable<X509Certificate2> sent, CertificateUse use, string? serverName)
    {
        using var built = new X509Chain();
        var policy = built.ChainPolicy;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.ExtraStore.AddRange(sent.ToArray());
        policy.ApplicationPolicy.Add(new Oid(use == CertificateUse.Server ? ServerUsage : ClientUsage));
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return !built.Build(certificate) ? $"the certificate '{certificate.Subject}' is not valid: {built.ChainStatus[0].Status}"
            : serverName is not null && !certificate.MatchesHostname(serverName)
                ? $"the certificate '{certificate.Subject}' is not for '{serverName}'"
            : null;
    }
}
