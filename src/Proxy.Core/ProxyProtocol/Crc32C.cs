using System.Numerics;

namespace Proxy.ProxyProtocol;

/// <summary>The checksum of headers (RFC 3720, 12.1).</summary>
internal static class Crc32C
{
    /// <summary>Computes the checksum of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return ~sum;
    }
}
