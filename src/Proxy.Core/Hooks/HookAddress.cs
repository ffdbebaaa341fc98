using System.Net;
using System.Net.Sockets;
using Proxy.Configuration.Reading;

namespace Proxy.Hooks;

/// <summary>Converts a destination's address: an end point for hooks in code, the text of the configuration elsewhere.</summary>
internal static class HookAddress
{
    /// <summary>Parses <c>tcp://host:port</c> or <c>unix:/path</c>; null for anything else.</summary>
    public static EndPoint? Parse(string address) => DestinationAddress.TryParse(address, out var parsed, out _) ? parsed.EndPoint : null;

    /// <summary>The text of an address; empty for none.</summary>
    public static string Format(EndPoint? endPoint) =>
        endPoint switch
        {
            null => "",
            UnixDomainSocketEndPoint => $"unix:{endPoint}",
            DnsEndPoint dns => FormattableString.Invariant($"tcp://{dns.Host}:{dns.Port}"),
            _ => $"tcp://{endPoint}",
        };
}
