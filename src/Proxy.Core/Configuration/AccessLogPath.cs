using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Configuration;

/// <summary>
/// Refuses an access log that would write into a file which the program reads: a configuration, certificate or state file, also through a symbolic link.
/// Relative names start at the current folder.
/// </summary>
internal static class AccessLogPath
{
    private const string Key = "Log:Access:Path";
    private const int MostLinks = 40; // as Linux follows

    private static readonly StringComparer _names = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    public static void Check(ProxyConfig config, ProblemList problems)
    {
        var access = config.Log.Access;
        if (string.IsNullOrEmpty(access.Path) || access.Path.Contains('\0', StringComparison.Ordinal))
        {
            return;
        }

        var logs = Logs(access).Select(Resolve).ToHashSet(_names);
        foreach (
            var (file, use) in Used(config, problems)
                .Where(used => !string.IsNullOrEmpty(used.File) && !used.File.Contains('\0', StringComparison.Ordinal))
        )
        {
            if (logs.Contains(Resolve(file!)))
            {
                problems.Consequence(Key, $"'{ScalarReader.Shorten(access.Path)}' would write into a file of {use}; use another path.");
                return;
            }
        }
    }

    // With rotation, the numbered files are replaced too.
    private static IEnumerable<string> Logs(AccessLogConfig access) =>
        Enumerable.Range(1, access.MaxBytes is null ? 0 : access.Files).Select(number => $"{access.Path}.{number}").Prepend(access.Path!);

    private static IEnumerable<(string? File, string Use)> Used(ProxyConfig config, ProblemList problems) =>
        problems
            .Files.Select(static file => ((string?)file, "the configuration"))
            .Append((config.Admin?.ClientCertificateAuthority, "Admin:ClientCertificateAuthority"))
            .Concat(OfTls(config.ReverseProxy))
            .Concat(config.Kestrel is { } kestrel ? OfKestrel(kestrel) : [])
            .Concat(config.Channels is { } channels ? OfChannels(channels) : []);

    private static IEnumerable<(string? File, string Use)> OfTls(ReverseProxyConfig config) =>
        UsedCertificates
            .Certificates(config)
            .SelectMany(static one => ((string?, string)[])[(one.Config.Path, one.Key), (one.Config.KeyPath, one.Key)])
            .Concat(
                UsedCertificates
                    .Bundles(config)
                    .SelectMany(static one => ((string?, string)[])[(one.Authorities, one.Key), (one.Revoked, one.Key)])
            );

    private static IEnumerable<(string? File, string Use)> OfKestrel(KestrelConfig kestrel) =>
        kestrel
            .Endpoints.SelectMany(static endpoint =>
                endpoint
                    .Value.Sni.Select(name => ($"Kestrel:Endpoints:{endpoint.Key}:Sni:{name.Key}:Certificate", name.Value.Certificate))
                    .Append(($"Kestrel:Endpoints:{endpoint.Key}:Certificate", endpoint.Value.Certificate))
            )
            .Concat(kestrel.Certificates.Select(static item => ($"Kestrel:Certificates:{item.Key}", (KestrelCertificateConfig?)item.Value)))
            .SelectMany(static item => ((string?, string)[])[(item.Item2?.Path, item.Item1), (item.Item2?.KeyPath, item.Item1)]);

    private static IEnumerable<(string? File, string Use)> OfChannels(Channels.ChannelsConfig channels) =>
        [
            (channels.Tunnel.Certificate?.Path, "Channels:Tunnel:Certificate"),
            (channels.Tunnel.Certificate?.KeyPath, "Channels:Tunnel:Certificate"),
            (channels.Tunnel.TrustBundle, "Channels:Tunnel:TrustBundle"),
            (channels.Loopback.StateFile, "Channels:Loopback:StateFile"),
            (channels.Loopback.MembersFile, "Channels:Loopback:StateFile"),
        ];

    // Any folder of the path may be a link, and so may any folder of what a link names.
    private static string Resolve(string path)
    {
        var full = Path.GetFullPath(path);
        var resolved = Path.GetPathRoot(full)!;
        var left = new Stack<string>(Parts(full[resolved.Length..]));
        var links = 0;
        while (left.TryPop(out var part))
        {
            if (part == "..")
            {
                resolved = Path.GetDirectoryName(resolved) ?? resolved;
                continue;
            }

            var next = Path.Combine(resolved, part);
            if (Target(next) is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MostLinks)
            {
                return full; // a ring of links names no file
            }

            var root = Path.GetPathRoot(target)!;
            resolved = root.Length > 0 ? root : resolved;
            foreach (var targetPart in Parts(target[root.Length..]))
            {
                left.Push(targetPart);
            }
        }

        return resolved;
    }

    /// <summary>The parts of a path, last first.</summary>
    private static IEnumerable<string> Parts(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
            .Where(static part => part != ".")
            .Reverse();

    private static string? Target(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // it may not be looked at
        }
    }
}
