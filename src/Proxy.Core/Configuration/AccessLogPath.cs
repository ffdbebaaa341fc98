using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration;

/// <summary>
/// Refuses an access log that would write into a file which the program reads: a configuration, certificate or state file, also through a symbolic link.
/// Relative names start at the current folder.
/// </summary>
internal static class AccessLogPath
{
    private const string Key = "Log:Access:Path";

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
            .Concat(config.Kestrel is { } kestrel ? OfKestrel(kestrel) : [])
            .Concat(config.Channels is { } channels ? OfChannels(channels) : []);

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

    private static string Resolve(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return full; // there is no such file yet, or it may not be looked at
        }
    }
}
