using System.Diagnostics.CodeAnalysis;

namespace Proxy.Configuration.Reading;

/// <summary>Parses host:port, ip:port and [v6]:port.</summary>
internal static class HostAndPort
{
    public static bool TryParse(string text, [NotNullWhen(true)] out DestinationAddress? address) =>
        DestinationAddress.TryParse($"tcp://{text}", out address, out _) && !text.Contains('/', StringComparison.Ordinal);
}
