using Proxy.Configuration.Channels;
using Proxy.Configuration.Locking;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Engine;

/// <summary>Checks the section Engine, and that locks over all hosts have an engine; channels check that themselves. Files are read when the engine is connected.</summary>
internal static class EngineValidator
{
    private const string Section = "Engine";
    private const string Etcd = $"{Section}:Etcd";
    private const string Example = """write "Engine": { "Etcd": { "Endpoints": ["https://10.0.0.5:2379"] } }""";
    private static readonly TimeSpan _shortestLease = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _longestLease = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _margin = TimeSpan.FromSeconds(2); // before a lease ends, holders of locks are reset

    /// <param name="config">The section Engine.</param>
    /// <param name="routes">The TCP routes, whose locks it may keep.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(EngineConfig? config, IReadOnlyDictionary<string, TcpRouteConfig> routes, ProblemList problems)
    {
        if (config?.Etcd is null)
        {
            CheckLocks(routes, problems);
        }

        if (config is not { } engine)
        {
            return;
        }

        CheckName(engine.Group, $"{Section}:Group", problems);
        CheckName(engine.Instance, $"{Section}:Instance", problems);
        TlsKeys.CheckFile(engine.StateFolder, $"{Section}:StateFolder", problems);
        if (engine.Etcd is { } etcd)
        {
            CheckEndpoints(etcd, problems);
            CheckUser(etcd, problems);
            CheckTls(etcd, problems);
            CheckPrefix(etcd.Prefix, problems);
            CheckTimes(etcd, problems);
        }
        else
        {
            problems.Consequence(Etcd, $"is required and missing; {Example}.");
        }
    }

    private static void CheckLocks(IReadOnlyDictionary<string, TcpRouteConfig> routes, ProblemList problems)
    {
        foreach (var (id, route) in routes)
        {
            if (route.Lock?.Scope == LockScope.Global)
            {
                problems.Consequence(
                    $"ReverseProxy:TcpRoutes:{id}:Lock:Scope",
                    $"'{nameof(LockScope.Global)}' needs an engine, and there is none; {Example}, or use '{nameof(LockScope.Host)}'.",
                    Section
                );
            }
        }
    }

    private static void CheckName(string? name, string path, ProblemList problems)
    {
        if (name is not null)
        {
            ChannelsValidator.CheckName(name, path, problems);
        }
    }

    private static void CheckEndpoints(EtcdConfig etcd, ProblemList problems)
    {
        if (etcd.Endpoints.Count == 0)
        {
            problems.Consequence(
                $"{Etcd}:Endpoints",
                """is required and missing; write the URLs of the members, such as ["https://10.0.0.5:2379"]."""
            );
        }

        foreach (var (index, text) in etcd.Endpoints.Index())
        {
            var path = $"{Etcd}:Endpoints:{index}";
            if (Wrong(text) is { } wrong)
            {
                problems.Consequence(path, wrong);
            }
            else if (
                etcd.Endpoints.Take(index).Any(other => Uri.TryCreate(other, UriKind.Absolute, out var before) && before == new Uri(text))
            )
            {
                problems.Consequence(path, $"'{ScalarReader.Shorten(text)}' is there twice; remove one.");
            }
        }
    }

    private static string? Wrong(string text) =>
        !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0
            ? $"'{ScalarReader.Shorten(text)}' is no URL of a member; write one such as 'https://10.0.0.5:2379'."
        : url.UserInfo.Length > 0 ? "has a user within the URL, where it would be logged; write it as User and Password."
        : url.PathAndQuery is not "/" || url.Fragment.Length > 0
            ? $"'{ScalarReader.Shorten(text)}' has something behind the port; write '{url.GetLeftPart(UriPartial.Authority)}'."
        : url.IsDefaultPort && !text.TrimEnd('/').EndsWith($":{url.Port}", StringComparison.Ordinal)
            ? $"'{ScalarReader.Shorten(text)}' has no port; etcd's own is 2379: '{url.GetLeftPart(UriPartial.Authority)}:2379'."
        : null;

    private static void CheckUser(EtcdConfig etcd, ProblemList problems)
    {
        if (etcd.User is { Length: 0 })
        {
            problems.Consequence($"{Etcd}:User", "is empty; write the name of a user, or leave it out.");
        }

        if (etcd.User is { Length: > 0 } && string.IsNullOrEmpty(etcd.Password))
        {
            problems.Consequence(
                $"{Etcd}:Password",
                "is required with User, and missing; write it, or leave User out: with a certificate, etcd takes its common name for the user.",
                $"{Etcd}:User"
            );
        }

        if (etcd.User is null && etcd.Password is not null)
        {
            problems.Consequence($"{Etcd}:User", "is required with Password, and missing; write the name of the user.");
        }

        if (etcd.User is not null && Clear(etcd) is { } clear)
        {
            problems.Warn(
                $"{Etcd}:Endpoints:{clear.Index}",
                "the password and all keys are sent in clear, for anything between here and etcd to read; use https://."
            );
        }
    }

    private static void CheckTls(EtcdConfig etcd, ProblemList problems)
    {
        var hasFiles = etcd.Certificate is not null || etcd.CertificateAuthority is not null;
        if (hasFiles || Clear(etcd) is null)
        {
            TlsKeys.CheckPlatform(Etcd, problems);
        }

        if (etcd.Certificate is { } certificate)
        {
            TlsKeys.CheckCertificate(certificate, $"{Etcd}:Certificate", problems);
        }

        TlsKeys.CheckFile(etcd.CertificateAuthority, $"{Etcd}:CertificateAuthority", problems);
        if (hasFiles && Clear(etcd) is { } clear)
        {
            problems.Consequence(
                $"{Etcd}:Endpoints:{clear.Index}",
                $"'{ScalarReader.Shorten(clear.Url)}' is not within TLS, so that {(etcd.Certificate is null ? "CertificateAuthority" : "Certificate")} is never used; write https://, or leave it out."
            );
        }
    }

    private static (int Index, string Url)? Clear(EtcdConfig etcd)
    {
        foreach (var (index, text) in etcd.Endpoints.Index())
        {
            if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            {
                return (index, text);
            }
        }

        return null;
    }

    private static void CheckPrefix(string prefix, ProblemList problems)
    {
        if (prefix is not ['/', _, ..] || prefix.EndsWith('/') || prefix.Contains("//", StringComparison.Ordinal) || !prefix.All(IsVisible))
        {
            problems.Consequence(
                $"{Etcd}:Prefix",
                $"'{ScalarReader.Shorten(prefix)}' is no beginning of keys; write visible ASCII characters with a slash before, and none at the end: '/proxy'."
            );
        }

        static bool IsVisible(char letter) => letter is > ' ' and <= '~';
    }

    private static void CheckTimes(EtcdConfig etcd, ProblemList problems)
    {
        var lease = etcd.LeaseTime;
        if (lease < _shortestLease || lease > _longestLease || lease.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            problems.Consequence(
                $"{Etcd}:LeaseTime",
                $"'{lease:c}' is no time of a lease; write whole seconds from '{_shortestLease:c}' to '{_longestLease:c}'."
            );
        }
        else if ((lease * 2 / 3) - _margin is var most && etcd.Timeout >= most)
        {
            // A frozen member is noticed a time limit after a renewal that is due after a third: another member has to be asked before the margin.
            var least = Math.Floor((etcd.Timeout.TotalSeconds + _margin.TotalSeconds) * 3 / 2) + 1;
            var longer = least <= _longestLease.TotalSeconds ? $", or a LeaseTime from '{TimeSpan.FromSeconds(least):c}' on" : "";
            problems.Consequence(
                $"{Etcd}:Timeout",
                $"'{etcd.Timeout:c}' leaves no time to renew a lease of '{lease:c}' at another member: a third of it passes until a frozen one is asked, and 2 s before its end holders of locks are reset; write less than '{most:hh\\:mm\\:ss\\.fff}'{longer}.",
                $"{Etcd}:LeaseTime"
            );
        }
    }
}
