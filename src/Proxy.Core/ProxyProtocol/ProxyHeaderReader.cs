namespace Proxy.ProxyProtocol;

/// <summary>Reads a header at the beginning of a connection, while its bytes arrive.</summary>
internal static class ProxyHeaderReader
{
    /// <summary>The longest header in bytes that is accepted.</summary>
    public const int MaxLength = 4096;

    /// <summary>Reads a header of either version.</summary>
    /// <param name="bytes">All bytes that were received so far.</param>
    /// <param name="header">The header, if it is complete.</param>
    /// <param name="length">Its length in bytes, if it is complete.</param>
    public static ProxyHeaderStatus Read(ReadOnlySpan<byte> bytes, out ProxyHeader? header, out int length)
    {
        (header, length) = (null, 0);
        var most = Math.Max(HeaderV1.Signature.Length, HeaderV2.Signature.Length);
        if (bytes.StartsWith(HeaderV1.Signature))
        {
            return HeaderV1.Read(bytes, out header, out length);
        }

        if (bytes.StartsWith(HeaderV2.Signature))
        {
            return HeaderV2.Read(bytes, out header, out length);
        }

        return bytes.Length < most && (HeaderV1.Signature.StartsWith(bytes) || HeaderV2.Signature.StartsWith(bytes))
            ? ProxyHeaderStatus.MoreBytes
            : ProxyHeaderStatus.None;
    }
}
