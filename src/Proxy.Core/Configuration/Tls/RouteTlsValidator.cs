using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Tls;

/// <summary>Checks how a route terminates TLS. Files are read when the revision is applied.</summary>
internal static class RouteTlsValidator
{
    /// <param name="tls">The block.</param>
    /// <param name="path">Its path.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(RouteTlsConfig tls, string path, ProblemList problems)
    {
        TlsKeys.CheckPlatform(path, problems);
        if (tls.Certificate.Count == 0)
        {
            problems.Consequence(
                $"{path}:Certificate",
                """is empty; name a file, like { "Path": "certs/site.pem", "KeyPath": "certs/site.key" }, or a list of such."""
            );
        }

        foreach (var (index, certificate) in tls.Certificate.Index())
        {
            TlsKeys.CheckCertificate(certificate, KeyOf(path, tls, index), problems);
            if (tls.Certificate.Take(index).Contains(certificate))
            {
                problems.Consequence(KeyOf(path, tls, index), "is there twice; remove one.");
            }
        }

        TlsKeys.CheckAlpn(tls.AlpnProtocols, $"{path}:AlpnProtocols", problems);
        TlsCipherSuites.Check(tls.CipherSuites, tls.MinimumVersion, $"{path}:CipherSuites", problems);
        CheckClientCertificates(tls, path, problems);
    }

    /// <summary>The key of one of the certificates.</summary>
    public static string KeyOf(string path, RouteTlsConfig tls, int index) =>
        tls.Certificate.Count == 1 ? $"{path}:Certificate" : $"{path}:Certificate:{index}";

    private static void CheckClientCertificates(RouteTlsConfig tls, string path, ProblemList problems)
    {
        var (authority, list) = ($"{path}:ClientCertificateAuthority", $"{path}:ClientCertificateRevocationList");
        TlsKeys.CheckFile(tls.ClientCertificateAuthority, authority, problems);
        TlsKeys.CheckFile(tls.ClientCertificateRevocationList, list, problems);
        if (tls.ClientCertificates != ClientCertificateMode.None)
        {
            if (tls.ClientCertificateAuthority is null)
            {
                problems.Consequence(
                    authority,
                    $"is required with ClientCertificates {tls.ClientCertificates}; name the PEM file of the authorities whose clients are let in.",
                    $"{path}:ClientCertificates"
                );
            }

            return;
        }

        const string Unused =
            "is for ClientCertificates Allow or Required, and clients are not asked for a certificate; set it, or leave this out.";
        if (tls.ClientCertificateAuthority is not null)
        {
            problems.Consequence(authority, Unused, $"{path}:ClientCertificates");
        }

        if (tls.ClientCertificateRevocationList is not null)
        {
            problems.Consequence(list, Unused, $"{path}:ClientCertificates");
        }
    }
}
