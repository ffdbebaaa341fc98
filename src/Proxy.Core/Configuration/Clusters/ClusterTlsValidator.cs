using System.Net.Security;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Clusters;

/// <summary>Checks how clusters begin TLS with their destinations.</summary>
internal static class ClusterTlsValidator
{
    private const int MaxAlpn = 255;
    private const string Version13 = "TLS_AES_";
    private const string Version13Other = "TLS_CHACHA20_";

    public static void Check(ClusterSection cluster, string path, ProblemList problems)
    {
        if (cluster.Tcp.Tls is not { } tls)
        {
            return;
        }

        var place = $"{path}:Tcp:Tls";
        if (cluster.Destinations.Values.Any(static one => ClusterValidator.IsTcp(one) == false))
        {
            problems.Consequence(
                place,
                "is for tcp:// and unix: destinations, and this cluster has http:// or https:// ones, whose TLS is YARP's; leave it out, write https:// addresses, and what they need in HttpClient.",
                $"{path}:Destinations"
            );
            return;
        }

        CheckName(tls, cluster, path, problems);
        CheckFiles(tls, place, problems);
        CheckProtocols(tls.AlpnProtocols ?? [], $"{place}:AlpnProtocols", problems);
        CheckSuites(tls, place, problems);
        if (tls.AllowInvalid)
        {
            problems.Warn(
                $"{place}:AllowInvalid",
                "certificates of the destinations are not verified, so anything between here and a destination can pose as it, and read and change all bytes; remove it, and write CertificateAuthority if they have an authority of their own."
            );
        }
    }

    private static void CheckName(ClusterTlsConfig tls, ClusterSection cluster, string path, ProblemList problems)
    {
        var place = $"{path}:Tcp:Tls:ServerName";
        if (tls.ServerName is { } name)
        {
            if (HostName.TryNormalize(name) is null && !StrictIp.TryParse(name, out _))
            {
                problems.Error(place, $"'{ScalarReader.Shorten(name)}' is no host name or IP address; write one such as 'db.example.com'.");
            }

            return;
        }

        if (tls.AllowInvalid)
        {
            return;
        }

        if (cluster.Connector is not null)
        {
            problems.Consequence(
                place,
                "is required, since the destinations are local addresses of members, which no certificate has; write the name that the certificates of the members have.",
                $"{path}:Connector"
            );
        }
        else if (cluster.Destinations.FirstOrDefault(static one => IsUnix(one.Value)) is { Key: { } id })
        {
            problems.Consequence(
                place,
                $"is required, since destination '{id}' is a unix socket, which has no name; write the name that its certificate has.",
                $"{path}:Destinations"
            );
        }
    }

    private static bool IsUnix(DestinationSection destination) => destination.Address.StartsWith("unix:", StringComparison.OrdinalIgnoreCase);

    private static void CheckFiles(ClusterTlsConfig tls, string path, ProblemList problems)
    {
        CheckFile(tls.CertificateAuthority, $"{path}:CertificateAuthority", problems);
        CheckFile(tls.CertificateRevocationList, $"{path}:CertificateRevocationList", problems);
        CheckFile(tls.Certificate?.Path, $"{path}:Certificate:Path", problems);
        CheckFile(tls.Certificate?.KeyPath, $"{path}:Certificate:KeyPath", problems);
        if (tls.AllowInvalid)
        {
            WarnAboutUnused(tls.CertificateAuthority, "CertificateAuthority");
            WarnAboutUnused(tls.CertificateRevocationList, "CertificateRevocationList");
        }

        void WarnAboutUnused(string? file, string key)
        {
            if (file is not null)
            {
                problems.Warn($"{path}:{key}", "is not used, since AllowInvalid accepts every certificate; remove AllowInvalid, or this.");
            }
        }
    }

    private static void CheckFile(string? file, string path, ProblemList problems)
    {
        if (file is "")
        {
            problems.Error(path, "is empty; write the path of a file, or leave it out.");
        }
    }

    private static void CheckProtocols(IReadOnlyList<string> protocols, string path, ProblemList problems)
    {
        foreach (var (index, protocol) in protocols.Index())
        {
            if (protocol.Length is 0 or > MaxAlpn || !protocol.All(static letter => letter is > ' ' and <= '~'))
            {
                problems.Error(
                    $"{path}:{index}",
                    $"'{ScalarReader.Shorten(protocol)}' is no application protocol; write 1 to {MaxAlpn} visible ASCII characters, such as 'h2'."
                );
            }
            else if (protocols.Take(index).Contains(protocol, StringComparer.Ordinal))
            {
                problems.Error($"{path}:{index}", $"'{protocol}' is there twice; leave it out.");
            }
        }
    }

    private static void CheckSuites(ClusterTlsConfig tls, string path, ProblemList problems)
    {
        var known = Enum.GetNames<TlsCipherSuite>();
        foreach (var (index, name) in tls.CipherSuites.Index())
        {
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                problems.Error(
                    $"{path}:CipherSuites:{index}",
                    $"no cipher suite '{ScalarReader.Shorten(name)}'{DidYouMean.Suffix(name, known)} Write its IANA name, such as 'TLS_AES_256_GCM_SHA384'."
                );
            }
        }

        if (tls.CipherSuites.Count == 0)
        {
            return;
        }

        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            problems.Consequence($"{path}:CipherSuites", "cannot be chosen on this system, whose own policy decides; leave it out.", path);
        }
        else if (tls.MinimumVersion == TlsVersion.Tls13 && !tls.CipherSuites.Any(IsOfVersion13))
        {
            problems.Consequence(
                $"{path}:CipherSuites",
                "has none for TLS 1.3, which MinimumVersion requires; add one such as 'TLS_AES_256_GCM_SHA384'.",
                $"{path}:MinimumVersion",
                $"{path}:CipherSuites"
            );
        }
    }

    private static bool IsOfVersion13(string name) =>
        name.StartsWith(Version13, StringComparison.Ordinal) || name.StartsWith(Version13Other, StringComparison.Ordinal);
}
