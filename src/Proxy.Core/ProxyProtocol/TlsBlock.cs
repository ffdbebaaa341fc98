using System.Buffers.Binary;
using System.Text;
using Proxy.Diagnostics;

namespace Proxy.ProxyProtocol;

/// <summary>What a header says of the client's TLS (haproxy's proxy-protocol.txt, 2.2.5).</summary>
internal static class TlsBlock
{
    private const int Fixed = 5; // one byte of flags, four of the verification's result
    private const int MostText = 255; // in bytes; common names have 64 letters at most (RFC 5280, A.1), and lengths have two bytes
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

    /// <summary>Writes the block of a client whose TLS was terminated. A certificate of it was verified.</summary>
    public static byte[] Write(TlsSession tls)
    {
        var hasCertificate = tls.PeerSubject is not null;
        var block = new List<byte>(64)
        {
            hasCertificate ? (byte)(UsesTls | CertificateOfConnection | CertificateOfSession) : UsesTls,
            0,
            0,
            0,
            hasCertificate ? (byte)0 : (byte)1, // zero is a certificate that was verified
        };
        Add(block, TlvType.TlsVersion, $"TLSv{tls.Version}");
        Add(block, TlvType.TlsCommonName, tls.PeerCommonName);
        Add(block, TlvType.TlsCipher, tls.CipherSuite is { } suite ? CipherName.OfOpenSsl(suite) : null);
        return [.. block];
    }

    private static void Add(List<byte> block, byte type, string? text)
    {
        if (!string.IsNullOrEmpty(text) && Encoding.UTF8.GetBytes(text) is { Length: <= MostText } value)
        {
            block.AddRange([type, (byte)(value.Length >> 8), (byte)value.Length]);
            block.AddRange(value);
        }
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
