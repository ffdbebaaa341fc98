using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Configuration.Reading;

/// <summary>Parses IP addresses strictly: four decimal parts, or IPv6 in brackets.</summary>
internal static class StrictIp
{
    public static bool TryParse(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (text is ['[', .. var inner, ']'])
        {
            return !inner.Contains('[', StringComparison.Ordinal)
                && IPAddress.TryParse(inner, out address)
                && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        return IsFourParts(text) && IPAddress.TryParse(text, out address);
    }

    /// <summary>Whether a text is an address, of IPv6 without brackets.</summary>
    public static bool IsAddress(string text) => TryParse(text.Contains(':', StringComparison.Ordinal) ? $"[{text}]" : text, out _);

    /// <summary>Parses a network such as 10.0.0.0/8; a single address is a network of full length.</summary>
    public static bool TryParseNetwork(string text, out IPNetwork network, out string? error)
    {
        network = default;
        error = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? text : text[..slash];
        if (!TryParse(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host, out var address))
        {
            error = $"'{text}' is no network; write one like 10.0.0.0/8 or fd00::/8.";
            return false;
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var length = bits;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], System.Globalization.NumberStyles.None, null, out length) || length > bits))
        {
            error = $"'{text}' is no network; write a prefix of 0 to {bits}.";
            return false;
        }

        if (!IPNetwork.TryParse($"{address}/{length}", out network) || !network.BaseAddress.Equals(address))
        {
            error = $"'{text}' has bits set beyond its prefix; write the network's first address.";
            return false;
        }

        return true;
    }

    private static bool IsFourParts(string text)
    {
        var parts = text.Split('.');
        return parts.Length == 4
            && parts.All(part => part is [_] or [not '0', _] or [not '0', _, _])
            && parts.All(part => part.All(char.IsAsciiDigit));
    }
}
