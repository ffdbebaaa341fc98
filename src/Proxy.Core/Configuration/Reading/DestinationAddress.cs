using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Configuration.Reading;

/// <summary>The address of a TCP destination.</summary>
internal sealed record DestinationAddress
{
    private const string TcpScheme = "tcp://";

    private PortRange _ports;

    private DestinationAddress() { }

    /// <summary>The host name or IP address, without brackets; null for a Unix socket.</summary>
    public string? Host { get; private init; }

    /// <summary>The host if it is an IP address; null for a name and for a Unix socket.</summary>
    public IPAddress? Ip { get; private init; }

    /// <summary>The port, or the first of a range; 0 for a Unix socket.</summary>
    public int Port => _ports.First;

    /// <summary>The number of ports; 1 for a Unix socket.</summary>
    public int PortCount => _ports.Size;

    /// <summary>The path of a Unix socket.</summary>
    public string? UnixPath { get; private init; }

    /// <summary>Parses tcp://host:port, tcp://[v6]:port or unix:/path.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="address">The address.</param>
    /// <param name="error">What is wrong, and what would be right.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out DestinationAddress? address, out string? error)
    {
        if (TryParseRange(text, out address, out error) && address.PortCount > 1)
        {
            address = null;
            error = $"'{text}' is a range of ports; write one port here.";
        }

        return address is not null;
    }

    /// <summary>The address of one port of a range, by its place from 0.</summary>
    /// <param name="text">An address; one that is no range stands for itself.</param>
    /// <param name="offset">The place of the port.</param>
    /// <returns>The address; the text itself if the range has no such port.</returns>
    public static string At(string text, int offset) =>
        TryParseRange(text, out var range, out _) && range.PortCount > 1 && offset < range.PortCount
            ? string.Create(CultureInfo.InvariantCulture, $"{text[..(text.LastIndexOf(':') + 1)]}{range.Port + offset}")
            : text;

    /// <summary>The same as <see cref="TryParse"/>, and tcp://host:first-last.</summary>
    public static bool TryParseRange(string text, [NotNullWhen(true)] out DestinationAddress? address, out string? error)
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
                ? $"'{text}' is no TCP address; write tcp://host:port, unix:/path or srv://name."
                : $"'{text}' has no scheme; write 'tcp://{text}'.";
            return false;
        }

        address = ParseHostAndPort(text[TcpScheme.Length..].TrimEnd('/'), out error);
        error =
            address is not null ? null
            : error is not null ? $"'{text}' is no TCP address: {error}"
            : $"'{text}' is no TCP address; write tcp://host:port, with a port of 1 to 65535.";
        return address is not null;
    }

    /// <summary>The end point to connect to; a host name is not resolved yet.</summary>
    internal EndPoint EndPoint =>
        UnixPath is { } path ? new UnixDomainSocketEndPoint(path)
        : Ip is { } ip ? new IPEndPoint(ip, Port)
        : new DnsEndPoint(Host ?? "", Port);

    private static DestinationAddress? ParseHostAndPort(string text, out string? error)
    {
        error = null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0)
        {
            return null;
        }

        var (host, ports) = (text[..colon], text[(colon + 1)..]);
        if (!PortRange.TryParse(ports, out var range, out var wrong) || range.First == 0)
        {
            error = ports.IndexOf('-', StringComparison.Ordinal) > 0 ? wrong : null; // what a single port has to be is said anyway
            return null;
        }

        if (host.StartsWith('['))
        {
            return StrictIp.TryParse(host, out var ipv6) ? Create(host[1..^1], ipv6, range) : null;
        }

        // Digits and dots are meant as an IPv4 address; a resolver would read "10.1" as 10.0.0.1.
        if (host.All(c => char.IsAsciiDigit(c) || c is '.'))
        {
            return StrictIp.TryParse(host, out var ipv4) ? Create(host, ipv4, range) : null;
        }

        return Uri.CheckHostName(host) == UriHostNameType.Dns ? Create(host, null, range) : null;
    }

    private static DestinationAddress Create(string host, IPAddress? ip, PortRange ports) =>
        new()
        {
            Host = host,
            Ip = ip,
            _ports = ports,
        };
}
