using System.Buffers.Binary;
using System.Net;
using System.Text;
using Proxy.ProxyProtocol;

namespace Proxy.Core.Tests.ProxyProtocol;

/// <summary>Headers of version 2, made piece by piece.</summary>
internal static class HeaderBytes
{
    public static readonly byte[] Signature = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];

    /// <summary>TCP over IPv4, from 192.0.2.1:1000 to 198.51.100.2:443, with TLVs.</summary>
    public static byte[] Four(params byte[][] tlvs) =>
        V2(0x21, 0x11, [.. Convert.FromHexString("C0000201C633640203E801BB"), .. tlvs.SelectMany(static tlv => tlv)]);

    public static byte[] V2(byte command, byte family, byte[] content) =>
        [.. Signature, command, family, .. Length(content.Length), .. content];

    public static byte[] Tlv(byte type, byte[] value) => [type, .. Length(value.Length), .. value];

    public static byte[] Tlv(byte type, string value) => Tlv(type, Encoding.Latin1.GetBytes(value));

    /// <summary>Puts the checksum into a header that has a TLV of four bytes for it.</summary>
    public static byte[] Sum(byte[] header)
    {
        var place = header.AsSpan().IndexOf((byte[])[3, 0, 4, 0, 0, 0, 0]) + 3;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(place), Crc32C.Of(header));
        return header;
    }

    public static byte[] Six(string source, string destination) =>
        V2(
            0x21,
            0x21,
            [.. IPAddress.Parse(source).GetAddressBytes(), .. IPAddress.Parse(destination).GetAddressBytes(), 0x03, 0xE8, 0x01, 0xBB]
        );

    private static byte[] Length(int length) => [(byte)(length >> 8), (byte)length];
}
