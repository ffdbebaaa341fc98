using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Proxy.Configuration;

/// <summary>The address of a TCP destination.</summary>
public sealed record DestinationAddress
{
    private const string TcpScheme = "tcp://";

    private DestinationAddress() { }

    /// <summary>The host name or IP address, without brackets; null for a Unix socket.</summary>
    public string? Host { get; private init; }

    /// <summary>The port; 0 for a Unix socket.</summary>
    public int Port { get; private init; }

    /// <summary>The path of a Unix socket.</summary>
    public string? UnixPath { get; private init; }

    /// <summary>Reads tcp://host:port, tcp://[v6]:port or unix:/path.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="address">The address.</param>
    /// <param name="error">What is wrong and what would be right.</param>
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
            return StrictIp.TryParse(host, out _) ? new DestinationAddress { Host = host[1..^1], Port = port } : null;
        }

        // Digits and dots alone are meant as an IPv4 address; a resolver would read "10.1" as 10.0.0.1.
        var valid = host.All(c => char.IsAsciiDigit(c) || c is '.')
            ? StrictIp.TryParse(host, out _)
            : Uri.CheckHostName(host) == UriHostNameType.Dns;
        return valid ? new DestinationAddress { Host = host, Port = port } : null;
    }
}
