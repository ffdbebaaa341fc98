using System.Buffers.Binary;

namespace Proxy.Tls.Termination;

/// <summary>
/// Tells by what the server sends whether it resumes an earlier session, which TLS streams do not tell. All of it is in clear, in versions 1.2 and 1.3
/// (RFC 8446, 4.1.3; RFC 5246, 7.3).
/// </summary>
internal static class ServerFlight
{
    private const int RecordHeader = 5;
    private const int MessageHeader = 4;
    private const int Version = 2;
    private const int Random = 32;
    private const byte HandshakeRecord = 22;
    private const byte ChangeCipherSpecRecord = 20;
    private const byte ServerHelloMessage = 2;
    private const byte TicketMessage = 4;
    private const byte CertificateMessage = 11;
    private const int PreSharedKeyExtension = 41;
    private const int VersionsExtension = 43;

    // The random of a ServerHello that asks for another ClientHello: the SHA-256 of "HelloRetryRequest".
    private static ReadOnlySpan<byte> Retry =>
        [
            0xCF,
            0x21,
            0xAD,
            0x74,
            0xE5,
            0x9A,
            0x61,
            0x11,
            0xBE,
            0x1D,
            0x8C,
            0x02,
            0x1E,
            0x65,
            0xB8,
            0x91,
            0xC2,
            0xA2,
            0x11,
            0x16,
            0x7A,
            0xBB,
            0x8C,
            0x5E,
            0x07,
            0x9E,
            0x09,
            0xE2,
            0xC8,
            0xA8,
            0x33,
            0x9C,
        ];

    /// <summary>Reads what the server sends after a ClientHello.</summary>
    /// <param name="flight">The records, from the first one on.</param>
    /// <returns>Whether it resumes a session; null if these records do not tell.</returns>
    public static bool? IsResumed(ReadOnlySpan<byte> flight)
    {
        while (TryTakeRecord(ref flight, out var type, out var content))
        {
            if (type == HandshakeRecord)
            {
                return content is [ServerHelloMessage, ..] ? ReadHello(content, flight) : null;
            }
        }

        return null;
    }

    private static bool? ReadHello(ReadOnlySpan<byte> content, ReadOnlySpan<byte> rest)
    {
        if (content.Length < MessageHeader)
        {
            return null;
        }

        var length = (content[1] << 16) | BinaryPrimitives.ReadUInt16BigEndian(content[2..]);
        var message = content[MessageHeader..];
        if (message.Length < length || length < Version + Random + 1)
        {
            return null;
        }

        var behind = message[length..];
        message = message[..length];
        if (message.Slice(Version, Random).SequenceEqual(Retry))
        {
            return null; // the next one tells
        }

        // After the session id: a cipher suite, a compression, extensions.
        var position = Version + Random + 1 + message[Version + Random] + 3;
        var (isThirteen, hasKey) = (false, false);
        if (message.Length >= position + 2)
        {
            for (var extensions = message[(position + 2)..]; extensions.Length >= 4; )
            {
                var size = BinaryPrimitives.ReadUInt16BigEndian(extensions[2..]);
                isThirteen |= BinaryPrimitives.ReadUInt16BigEndian(extensions) == VersionsExtension;
                hasKey |= BinaryPrimitives.ReadUInt16BigEndian(extensions) == PreSharedKeyExtension;
                extensions = extensions.Length < 4 + size ? [] : extensions[(4 + size)..];
            }
        }

        return isThirteen ? hasKey : IsAbbreviated(behind, rest);
    }

    // In version 1.2 a certificate follows, or what ends the handshake.
    private static bool? IsAbbreviated(ReadOnlySpan<byte> behind, ReadOnlySpan<byte> rest)
    {
        if (behind.IsEmpty)
        {
            if (!TryTakeRecord(ref rest, out var type, out var content) || content.IsEmpty)
            {
                return null;
            }

            return type == ChangeCipherSpecRecord ? true : ByMessage(content[0]);
        }

        return ByMessage(behind[0]);
    }

    private static bool? ByMessage(byte type) =>
        type switch
        {
            TicketMessage => true,
            CertificateMessage => false,
            _ => null,
        };

    private static bool TryTakeRecord(scoped ref ReadOnlySpan<byte> bytes, out byte type, out ReadOnlySpan<byte> content)
    {
        type = 0;
        content = default;
        if (bytes.Length < RecordHeader || bytes.Length < RecordHeader + BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]))
        {
            return false;
        }

        type = bytes[0];
        content = bytes.Slice(RecordHeader, BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]));
        bytes = bytes[(RecordHeader + content.Length)..];
        return true;
    }
}
