using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Configuration.Reading;

/// <summary>A normalized address to listen on.</summary>
public sealed record ListenAddress
{
    private ListenAddress(string text) => Text = text;

    /// <summary>The normalized form; equal for equal addresses.</summary>
    public string Text { get; }

    /// <summary>The IP address; null for a Unix socket.</summary>
    public IPAddress? Address { get; private init; }

    /// <summary>The port; 0 lets the system choose.</summary>
    public int Port { get; private init; }

    /// <summary>The path of a Unix socket.</summary>
    public string? UnixPath { get; private init; }

    /// <summary>Whether it is "*": every address, IPv4 and IPv6.</summary>
    public bool IsAny { get; private init; }

    /// <summary>The number of ports of the range that it was written in; 1 for a single address.</summary>
    internal int RangeSize { get; private init; } = 1;

    /// <summary>Its place in that range, from 0.</summary>
    internal int PortOffset { get; private init; }

    /// <summary>Whether it stands for every address of one or both IP versions.</summary>
    internal bool IsWildcard => IsAny || Equals(Address, IPAddress.Any) || Equals(Address, IPAddress.IPv6Any);

    /// <summary>Parses one text, which may stand for several addresses (localhost, a range of ports).</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="addresses">The addresses; empty if parsing fails.</param>
    /// <param name="error">What is wrong, and what would be right.</param>
    public static bool TryParse(string text, out IReadOnlyList<ListenAddress> addresses, out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        addresses = [];
        error = null;
        if (text.StartsWith("unix:", StringComparison.OrdinalIgnoreCase))
        {
            var path = text["unix:".Length..];
            error = UnixSocketPath.Check(path);
            addresses = error is null ? [new ListenAddress($"unix:{path}") { UnixPath = path }] : [];
            return error is null;
        }

        var colon = text.LastIndexOf(':');
        if (WithoutAddressOrPort(text, colon) is { } wrong)
        {
            error = wrong;
            return false;
        }

        if (!PortRange.TryParse(text[(colon + 1)..], out var ports, out error))
        {
            return false;
        }

        var hosts = ParseHost(text[..colon], out error);
        addresses = [.. hosts.SelectMany(host => Enumerable.Range(0, ports.Size).Select(offset => Create(host, ports, offset)))];
        return error is null;
    }

    // What is often written instead of an address with a port.
    private static string? WithoutAddressOrPort(string text, int colon)
    {
        if (text.IndexOf("://", StringComparison.Ordinal) is var end and >= 0)
        {
            return text.StartsWith("http", StringComparison.OrdinalIgnoreCase)
                ? $"'{text}' is a URL; HTTP is accepted at the endpoints of Kestrel:Endpoints, and TCP at ip:port or *:port."
                : $"'{text}' has a scheme, which addresses to listen at have not; write '{text[(end + 3)..].TrimEnd('/')}'.";
        }

        var port = text[(colon + 1)..];
        if (colon <= 0 && PortRange.TryParse(port, out _, out _))
        {
            return $"'{text}' has no address before the port; write '*:{port}' for all addresses, or '127.0.0.1:{port}' for this host alone.";
        }

        return colon <= 0 || text.EndsWith(']')
            ? $"'{text}' has no port; write ip:port, [v6]:port, *:port, localhost:port, ip:first-last or unix:/path."
            : null;
    }

    /// <summary>Whether both addresses are equal, or cannot be listened on at the same time.</summary>
    /// <param name="other">The other address.</param>
    public bool Overlaps(ListenAddress other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (UnixPath is not null || other.UnixPath is not null)
        {
            return UnixPath == other.UnixPath;
        }

        return Port == other.Port && Port != 0 && (Covers(other) || other.Covers(this));
    }

    private bool Covers(ListenAddress other) =>
        IsAny
        || Equals(Address, other.Address)
        || (Equals(Address, IPAddress.Any) && other.Address?.AddressFamily == AddressFamily.InterNetwork)
        || (Equals(Address, IPAddress.IPv6Any) && other.Address?.AddressFamily == AddressFamily.InterNetworkV6);

    // A null host means "*".
    private static ListenAddress Create(IPAddress? host, PortRange ports, int offset)
    {
        var port = ports.First + offset;
        var any = Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        var text = host is null ? string.Create(CultureInfo.InvariantCulture, $"*:{port}") : new IPEndPoint(host, port).ToString();
        return new ListenAddress(text)
        {
            Address = host ?? any,
            Port = port,
            IsAny = host is null,
            RangeSize = ports.Size,
            PortOffset = offset,
        };
    }

    private static IReadOnlyList<IPAddress?> ParseHost(string host, out string? error)
    {
        error = null;
        if (host == "*")
        {
            return [null];
        }

        if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            return LoopbackAddresses.There();
        }

        if (StrictIp.TryParse(host, out var address))
        {
            return [address];
        }

        error =
            StrictIp.TryParse($"[{host}]", out _) ? $"write IPv6 addresses in brackets: [{host}]:port."
            : host.Length > 0 && host.All(c => char.IsAsciiDigit(c) || c is '.')
                ? $"'{host}' is no IPv4 address; it needs four decimal parts."
            : $"'{host}' is a host name; listen on an ip address, *, or localhost.";
        return [];
    }
}
