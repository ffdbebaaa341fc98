using System.Buffers.Binary;
using System.Text;

namespace Proxy.ProxyProtocol;

/// <summary>Reads what a header says of the client's TLS.</summary>
internal static class TlsBlock
{
    private const int Fixed = 5; // one byte of flags, four of the verification's result
    private const byte UsesTls = 1;
    private const byte CertificateOfConnection = 2;
    private const byte CertificateOfSession = 4;

    /// <summary>Reads the block.</summary>
    /// <param name="value">The value of its type.</param>
    /// <returns>What it says; null if it is malformed.</returns>
    public static ProxyTls? Read(ReadOnlyMemory<byte> value)
    {
        if (value.Length < Fixed || !TlvReader.TryRead(value[Fixed..], out var tlvs))
        {
            return null;
        }

        var flags = value.Span[0];
        var hasCertificate = (flags & (CertificateOfConnection | CertificateOfSession)) != 0;
        return new(
            (flags & UsesTls) != 0,
            hasCertificate,
            hasCertificate && BinaryPrimitives.ReadUInt32BigEndian(value.Span[1..]) == 0,
            Text(tlvs, TlvType.TlsVersion),
            Text(tlvs, TlvType.TlsCommonName),
            Text(tlvs, TlvType.TlsCipher)
        );
    }

    private static string? Text(IReadOnlyList<ProxyTlv> tlvs, byte type)
    {
        foreach (var tlv in tlvs)
        {
            if (tlv.Type == type)
            {
                return Encoding.UTF8.GetString(tlv.Value.Span);
            }
        }

        return null;
    }
}
