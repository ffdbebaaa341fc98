using System.Net;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>Checks the tunnel. Certificates decide which instances may connect, so without them it has to stay on this machine.</summary>
internal static class TunnelValidator
{
    private const string Path = $"{ChannelsValidator.Section}:Tunnel";

    public static void Check(TunnelConfig tunnel, ProblemList problems)
    {
        if (!TryParseUrl(tunnel.Url, out var url, out var addresses))
        {
            problems.Consequence(
                $"{Path}:Url",
                string.IsNullOrEmpty(tunnel.Url)
                    ? "is required and missing; write https:// with an IP address and a port, like https://0.0.0.0:15008."
                    : $"'{ScalarReader.Shorten(tunnel.Url)}' is no address of a tunnel; write https:// with an IP address and a port, like https://0.0.0.0:15008."
            );
        }
        else if (url.Scheme == Uri.UriSchemeHttp)
        {
            CheckInsecure(tunnel, addresses, problems);
        }
        else
        {
            CheckCertificates(tunnel, problems);
        }

        CheckAdvertise(tunnel, problems);
    }

    /// <summary>Parses Url. "*" stands for every address, which a URI cannot express.</summary>
    public static bool TryParseUrl(string? text, out Uri url, out IReadOnlyList<ListenAddress> addresses)
    {
        addresses = [];
        url = null!;
        var any = text?.Replace("://*:", "://[::]:", StringComparison.Ordinal);
        return Uri.TryCreate(any, UriKind.Absolute, out url!)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            && url.PathAndQuery == "/"
            && url.UserInfo.Length == 0
            && ListenAddress.TryParse($"{(any == text ? url.Host : "*")}:{url.Port}", out addresses, out _);
    }

    private static void CheckInsecure(TunnelConfig tunnel, IReadOnlyList<ListenAddress> addresses, ProblemList problems)
    {
        if (tunnel.AllowInsecure)
        {
            problems.Warn(
                $"{Path}:AllowInsecure",
                "tunnels are neither encrypted nor authenticated: every program that reaches them can claim to be any instance; use https:// with certificates."
            );
        }
        else if (!addresses.All(static address => address.Address is { } ip && IPAddress.IsLoopback(ip)))
        {
            problems.Consequence(
                $"{Path}:Url",
                $"'{tunnel.Url}' would accept tunnels from any program; use https://, a loopback address, or AllowInsecure.",
                $"{Path}:AllowInsecure"
            );
        }
    }

    private static void CheckCertificates(TunnelConfig tunnel, ProblemList problems)
    {
        Require(tunnel.Certificate?.Path, $"{Path}:Certificate:Path", "name the PEM file of this instance's certificate", problems);
        Require(tunnel.Certificate?.KeyPath, $"{Path}:Certificate:KeyPath", "name the PEM file of its private key", problems);
        Require(tunnel.TrustBundle, $"{Path}:TrustBundle", "name a PEM file of the authorities to trust", problems);
        Require(tunnel.TrustDomain, $"{Path}:TrustDomain", "write the domain of the identities, like example.org", problems);
        if (
            tunnel.TrustDomain is { Length: > 0 } domain
            && (Uri.CheckHostName(domain) != UriHostNameType.Dns || domain.Any(char.IsAsciiLetterUpper))
        )
        {
            problems.Consequence(
                $"{Path}:TrustDomain",
                $"'{ScalarReader.Shorten(domain)}' is no trust domain; write a name in lower case, like example.org."
            );
        }
    }

    private static void Require(string? value, string path, string hint, ProblemList problems)
    {
        if (string.IsNullOrEmpty(value))
        {
            problems.Consequence(path, $"is required and missing; {hint}.");
        }
    }

    private static void CheckAdvertise(TunnelConfig tunnel, ProblemList problems)
    {
        if (tunnel.Advertise is { } advertise && !HostAndPort.TryParse(advertise, out _))
        {
            problems.Consequence(
                $"{Path}:Advertise",
                $"'{ScalarReader.Shorten(advertise)}' is no address others could dial; write host:port, with a port of 1 to 65535."
            );
        }
    }
}
