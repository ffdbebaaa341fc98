using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Configuration.Reading;

/// <summary>The address of a TCP destination.</summary>
internal sealed record DestinationAddress
{
    private const string TcpScheme = "tcp://";

    private DestinationAddress() { }

    /// <summary>The host name or IP address, without brackets; null for a Unix socket.</summary>
    public string? Host { get; private init; }

    /// <summary>The host if it is an IP address; null for a name and for a Unix socket.</summary>
    public IPAddress? Ip { get; private init; }

    /// <summary>The port; 0 for a Unix socket.</summary>
    public int Port { get; private init; }

    /// <summary>The path of a Unix socket.</summary>
    public string? UnixPath { get; private init; }

    /// <summary>Parses tcp://host:port, tcp://[v6]:port or unix:/path.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="address">The address.</param>
    /// <param name="error">What is wrong, and what would be right.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out DestinationAddress? address, out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        address = null;
        if (text.StartsWith("unix:", StringComparison.OrdinalIgnoreCase))
        {
            var path = text["unix:".Length..];
            error = UnixSocketPath.Check(path);
            address = error is null ? new DestinationAddress { UnixPath = path } : null;
            return address is not null;
        }

        if (!text.StartsWith(TcpScheme, StringComparison.OrdinalIgnoreCase))
        {
            error = text.Contains("://", StringComparison.Ordinal)
                ? $"'{text}' is no TCP address; write tcp://host:port or unix:/path."
                : $"'{text}' has no scheme; write 'tcp://{text}'.";
            return false;
        }

        address = ParseHostAndPort(text[TcpScheme.Length..].TrimEnd('/'));
        error = address is null ? $"'{text}' is no TCP address; write tcp://host:port, with a port of 1 to 65535." : null;
        return address is not null;
    }

    /// <summary>The end point to connect to; a host name is not resolved yet.</summary>
    internal EndPoint EndPoint =>
        UnixPath is { } path ? new UnixDomainSocketEndPoint(path)
        : Ip is { } ip ? new IPEndPoint(ip, Port)
        : new DnsEndPoint(Host ?? "", Port);

    private static DestinationAddress? ParseHostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        if (
            colon <= 0
            || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is 0 or > IPEndPoint.MaxPort
        )
        {
            return null;
        }

        var host = text[..colon];
        if (host.StartsWith('['))
        {
            return StrictIp.TryParse(host, out var ipv6) ? Create(host[1..^1], ipv6, port) : null;
        }

        // Digits and dots are meant as an IPv4 address; a resolver would read "10.1" as 10.0.0.1.
        if (host.All(c => char.IsAsciiDigit(c) || c is '.'))
        {
            return StrictIp.TryParse(host, out var ipv4) ? Create(host, ipv4, port) : null;
        }

        return Uri.CheckHostName(host) == UriHostNameType.Dns ? Create(host, null, port) : null;
    }

    private static DestinationAddress Create(string host, IPAddress? ip, int port) =>
        new()
        {
            Host = host,
            Ip = ip,
            Port = port,
        };
}
