using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Configuration;

/// <summary>One address to listen on, normalised.</summary>
/// <param name="Text">The normalised text.</param>
/// <param name="Address">The IP address; null for unix sockets.</param>
/// <param name="Port">The port; 0 lets the kernel choose.</param>
/// <param name="UnixPath">The path of a unix socket.</param>
/// <param name="IsAny">Both IP versions in one socket.</param>
public sealed record ListenAddress(string Text, IPAddress? Address, int Port, string? UnixPath, bool IsAny)
{
    private const int LongestRange = 1024;
    private const string Forms = "write ip:port, [v6]:port, *:port, localhost:port, ip:first-last or unix:/path";

    /// <summary>Reads one of the forms of the configuration.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="addresses">The addresses it names.</param>
    /// <param name="error">What is wrong and what would be right.</param>
    /// <returns>Whether it is right.</returns>
    public static bool TryParse(string text, out IReadOnlyList<ListenAddress> addresses, out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        addresses = [];
        error = null;
        if (text.StartsWith("unix:/", StringComparison.Ordinal))
        {
            addresses = [new(text, null, 0, text["unix:".Length..], false)];
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon < 0 || !TryPorts(text[(colon + 1)..], out var first, out var last))
        {
            error = $"'{text}' is no address to listen on; {Forms}, ports 0 to 65535, at most {LongestRange} of them.";
            return false;
        }

        if (Hosts(text[..colon]) is not { } hosts)
        {
            error = $"'{text[..colon]}' is no IP address, and host names are not listened on; {Forms}.";
            return false;
        }

        addresses = [.. hosts.SelectMany(host => Enumerable.Range(first, last - first + 1).Select(port => Create(host, port)))];
        return true;
    }

    /// <summary>Whether both cannot be bound at once.</summary>
    /// <param name="other">Another address.</param>
    /// <returns>True when one contains the other.</returns>
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
        || Address!.Equals(other.Address)
        || (Address.Equals(IPAddress.Any) && other.Address!.AddressFamily == AddressFamily.InterNetwork)
        || (Address.Equals(IPAddress.IPv6Any) && other.Address!.AddressFamily == AddressFamily.InterNetworkV6);

    private static ListenAddress Create(IPAddress? host, int port) =>
        host is null
            ? new($"*:{port}", Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port, null, true)
            : new(new IPEndPoint(host, port).ToString(), host, port, null, false);

    // Null stands for "*".
    private static IPAddress?[]? Hosts(string host) =>
        host switch
        {
            "*" => [null],
            "localhost" => Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback],
            _ when host.StartsWith('[') && host.EndsWith(']') && IPAddress.TryParse(host[1..^1], out var v6) => [v6],
            _ when host.Count(static c => c == '.') == 3
                    && IPAddress.TryParse(host, out var v4)
                    && v4.AddressFamily == AddressFamily.InterNetwork
                    && v4.ToString() == host => [v4],
            _ => null,
        };

    private static bool TryPorts(string text, out int first, out int last)
    {
        var parts = text.Split('-');
        last = 0;
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out last)
            && parts.Length <= 2
            && first <= last
            && last <= 65535
            && last - first < LongestRange;
    }
}
