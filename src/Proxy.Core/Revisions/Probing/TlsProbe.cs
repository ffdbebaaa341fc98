using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;
using Proxy.Tls.Certificates;

namespace Proxy.Revisions.Probing;

/// <summary>
/// Reads the certificates, keys, authorities and revocation lists of routes and clusters, as a start does, and warns of what peers will refuse.
/// </summary>
internal static class TlsProbe
{
    public static void Run(Revision revision, TimeProvider time, ProblemList problems)
    {
        var config = revision.Config.ReverseProxy;
        var store = new CertificateStore(time);
        foreach (var used in UsedCertificates.Certificates(config))
        {
            if (Try(() => store.Certificate(used.Config), used.Key, problems) is not { } certificate)
            {
                continue;
            }

            var use = used.IsServer ? CertificateUse.Server : CertificateUse.Client;
            foreach (var warning in CertificateWarnings.Of(certificate.Loaded, use, time.GetUtcNow()))
            {
                problems.Warn(used.Key, warning);
            }
        }

        foreach (var used in UsedCertificates.Bundles(config))
        {
            if (Try(() => Bundle(store, used), used.Key, problems) is { } bundle)
            {
                WarnOfLists(bundle, used.Key, time.GetUtcNow(), problems);
                WarnOfAuthorities(bundle, used.Key, time.GetUtcNow(), problems);
            }
        }

        foreach (var (id, route) in config.TcpRoutes)
        {
            WarnOfNames(route, $"ReverseProxy:TcpRoutes:{id}:Match:ServerNames", store, problems);
        }
    }

    private static TrustBundle Bundle(CertificateStore store, UsedBundle used) =>
        used.Authorities is { } path ? store.Trust(path, used.Revoked) : store.SystemTrust(used.Revoked);

    private static T? Try<T>(Func<T> read, string key, ProblemList problems)
        where T : class
    {
        try
        {
            return read();
        }
        catch (CertificateException exception)
        {
            problems.Error(key, exception.Message);
            return null;
        }
    }

    private static void WarnOfLists(TrustBundle bundle, string key, DateTimeOffset now, ProblemList problems)
    {
        foreach (var list in bundle.Content.Lists ?? [])
        {
            if (list.NextUpdate is { } over && over <= now)
            {
                problems.Warn(
                    key,
                    $"a revocation list of {bundle.RevocationListPath} is over since {CertificateText.Time(over)}, "
                        + "so that every certificate of its authority is refused; replace it."
                );
            }
        }
    }

    // A bundle may keep expired authorities beside current ones.
    private static void WarnOfAuthorities(TrustBundle bundle, string key, DateTimeOffset now, ProblemList problems)
    {
        foreach (var authority in bundle.Content.Authorities ?? [])
        {
            if (authority.NotAfter <= now)
            {
                problems.Warn(
                    key,
                    $"'{CertificateText.Subject(authority)}' expired at {CertificateText.Time(authority.NotAfter)}; replace or remove it."
                );
            }
        }
    }

    private static void WarnOfNames(TcpRouteConfig route, string path, CertificateStore store, ProblemList problems)
    {
        if (route.Tls is not { } tls)
        {
            return;
        }

        var certificates = tls.Certificate.Select(store.Find).ToList();
        if (certificates.Contains(null))
        {
            return; // one that cannot be read may be for these names
        }

        foreach (var (index, text) in (route.Match?.ServerNames ?? []).Index())
        {
            if (NamePattern.TryParse(text, out var pattern) && !certificates.Exists(one => Covers(one!, pattern)))
            {
                problems.Warn(
                    $"{path}:{index}",
                    $"no certificate is for '{pattern}', so that clients which ask for it refuse the first one; add one that is, or remove the name."
                );
            }
        }
    }

    // A wildcard of a certificate stands for one label, that of a condition for any number.
    private static bool Covers(ServedCertificate certificate, NamePattern pattern) =>
        pattern.IsWildcard ? certificate.Names.Contains(pattern.ToString(), StringComparer.Ordinal) : certificate.Covers(pattern.Name);
}
