using System.Buffers.Binary;
using System.Net;

namespace Proxy.ProxyProtocol;

/// <summary>Version 2: a binary header (haproxy's proxy-protocol.txt, 2.2).</summary>
internal static class HeaderV2
{
    /// <summary>The bytes before the addresses.</summary>
    public const int Fixed = 16;

    /// <summary>The version and the command of a sender that connected for itself.</summary>
    public const byte Local = 0x20;

    /// <summary>The version and the command of a sender that connected for a client.</summary>
    public const byte Proxied = 0x21;

    /// <summary>TCP over IPv4.</summary>
    public const byte Tcp4 = 0x11;

    /// <summary>TCP over IPv6.</summary>
    public const byte Tcp6 = 0x21;

    private const int FourAddresses = 12;
    private const int SixAddresses = 36;
    private const int UnixAddresses = 216;
    private const int MaxUniqueId = 128;
    private const int ChecksumLength = 4;

    /// <summary>What a header begins with.</summary>
    public static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">Bytes that begin with the signature.</param>
    /// <param name="header">The header, if it is complete.</param>
    /// <param name="length">Its length in bytes, as far as it is known.</param>
    public static ProxyHeaderStatus Read(ReadOnlySpan<byte> bytes, out ProxyHeader? header, out int length)
    {
        header = null;
        length = Fixed;
        if (bytes.Length > Signature.Length && bytes[Signature.Length] is not (Local or Proxied))
        {
            return ProxyHeaderStatus.Invalid;
        }

        if (bytes.Length < Fixed)
        {
            return ProxyHeaderStatus.MoreBytes;
        }

        var isLocal = bytes[Signature.Length] == Local;
        length += BinaryPrimitives.ReadUInt16BigEndian(bytes[(Fixed - sizeof(ushort))..]);
        if (length > ProxyHeaderReader.MaxLength || (!isLocal && AddressesOf(bytes[Fixed - 3]) > length - Fixed))
        {
            return ProxyHeaderStatus.Invalid;
        }

        if (bytes.Length < length)
        {
            return ProxyHeaderStatus.MoreBytes;
        }

        header = isLocal ? new(2, true, null, null, []) : Parse(bytes[..length]);
        return header is null ? ProxyHeaderStatus.Invalid : ProxyHeaderStatus.Complete;
    }

    // The length of the addresses of a family, which the header has to have; one that is not assigned has to be refused, so it is longer than any header.
    private static int AddressesOf(byte family) =>
        family switch
        {
            Tcp4 => FourAddresses,
            Tcp6 => SixAddresses,
            0x00 or 0x12 or 0x22 or 0x31 or 0x32 => 0, // unspecified, or taken as unspecified: UDP and unix sockets
            _ => int.MaxValue,
        };

    private static ProxyHeader? Parse(ReadOnlySpan<byte> bytes)
    {
        var family = bytes[Fixed - 3];
        var addresses = bytes[Fixed..];
        var (source, destination, size) = family switch
        {
            Tcp4 => (EndPoint(addresses, 0, 4, 8), EndPoint(addresses, 4, 4, 10), FourAddresses),
            Tcp6 => (EndPoint(addresses, 0, 16, 32), EndPoint(addresses, 16, 16, 34), SixAddresses),
            0x12 => (null, null, FourAddresses),
            0x22 => (null, null, SixAddresses),
            0x31 or 0x32 => (null, null, UnixAddresses),
            _ => (null, null, 0),
        };
        var isSpecified = family is Tcp4 or Tcp6;
        ReadOnlyMemory<byte> rest = addresses.Length < size ? default : addresses[size..].ToArray();
        if (!TlvReader.TryRead(rest, out var tlvs))
        {
            // What an unspecified family has in place of addresses is not known, and to be ignored.
            return isSpecified ? null : new(2, false, null, null, []);
        }

        return IsValid(tlvs, bytes, Fixed + size) ? new(2, false, source, destination, tlvs) : null;
    }

    private static IPEndPoint EndPoint(ReadOnlySpan<byte> addresses, int start, int length, int port) =>
        new(HeaderAddress.Unmap(new IPAddress(addresses.Slice(start, length))), BinaryPrimitives.ReadUInt16BigEndian(addresses[port..]));

    private static bool IsValid(IReadOnlyList<ProxyTlv> tlvs, ReadOnlySpan<byte> header, int position)
    {
        var hasChecksum = false;
        foreach (var tlv in tlvs)
        {
            position += TlvReader.Header;
            switch (tlv.Type)
            {
                case TlvType.UniqueId when tlv.Value.Length > MaxUniqueId:
                case TlvType.Tls when TlsBlock.Read(tlv.Value) is null:
                case TlvType.Checksum when !hasChecksum && !IsSumOf(tlv.Value.Span, header, position):
                    return false;
                default:
                    hasChecksum |= tlv.Type == TlvType.Checksum;
                    break;
            }

            position += tlv.Value.Length;
        }

        return true;
    }

    // The sum is that of the whole header with zeros in place of the sum.
    private static bool IsSumOf(ReadOnlySpan<byte> sum, ReadOnlySpan<byte> header, int position)
    {
        if (sum.Length != ChecksumLength)
        {
            return false;
        }

        var copy = header.ToArray();
        copy.AsSpan(position, ChecksumLength).Clear();
        return Crc32C.Of(copy) == BinaryPrimitives.ReadUInt32BigEndian(sum);
    }
}
