using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Tls;

/// <summary>Checks how connections to a cluster's destinations begin TLS. Files are read when the revision is applied.</summary>
internal static class ClusterTlsValidator
{
    /// <param name="tls">The block.</param>
    /// <param name="path">Its path.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(ClusterTlsConfig tls, string path, ProblemList problems)
    {
        TlsKeys.CheckPlatform(path, problems);
        if (tls.ServerName is { } name && HostName.TryNormalize(name) is null && !StrictIp.IsAddress(name))
        {
            problems.Error(
                $"{path}:ServerName",
                $"'{ScalarReader.Shorten(name)}' is neither a name of a host nor an address; write one such as 'db.example.com' (others as 'xn--…')."
            );
        }

        if (tls.Certificate is { } certificate)
        {
            TlsKeys.CheckCertificate(certificate, $"{path}:Certificate", problems);
        }

        TlsKeys.CheckFile(tls.CertificateAuthority, $"{path}:CertificateAuthority", problems);
        TlsKeys.CheckFile(tls.CertificateRevocationList, $"{path}:CertificateRevocationList", problems);
        TlsKeys.CheckAlpn(tls.AlpnProtocols ?? [], $"{path}:AlpnProtocols", problems);
        TlsCipherSuites.Check(tls.CipherSuites, tls.MinimumVersion, $"{path}:CipherSuites", problems);
        if (tls.AllowInvalid)
        {
            CheckUnverified(tls, path, problems);
        }
    }

    private static void CheckUnverified(ClusterTlsConfig tls, string path, ProblemList problems)
    {
        foreach (
            var (key, value) in new[]
            {
                ("CertificateAuthority", tls.CertificateAuthority),
                ("CertificateRevocationList", tls.CertificateRevocationList),
            }
        )
        {
            if (value is not null)
            {
                problems.Consequence(
                    $"{path}:{key}",
                    "is never looked at with AllowInvalid, which takes every certificate; remove AllowInvalid, so that certificates are verified.",
                    $"{path}:AllowInvalid"
                );
            }
        }

        problems.Warn(
            $"{path}:AllowInvalid",
            "certificates are not verified, so that anything between here and the destinations may read and change all bytes; "
                + "name their authority as CertificateAuthority instead."
        );
    }
}
