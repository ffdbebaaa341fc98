using System.Buffers.Binary;

namespace Proxy.Peeking.Detectors;

/// <summary>What a client of PostgreSQL begins with (PostgreSQL's protocol 3, "Message Formats").</summary>
internal enum PostgresRequest
{
    /// <summary>More bytes are needed.</summary>
    MoreBytes,

    /// <summary>It is no client of PostgreSQL.</summary>
    None,

    /// <summary>It begins a session, without encryption.</summary>
    Startup,

    /// <summary>It cancels a query.</summary>
    Cancel,

    /// <summary>It asks whether TLS may follow.</summary>
    Tls,

    /// <summary>It asks whether encryption by GSSAPI may follow.</summary>
    Gss,
}

/// <summary>Reads the first message of a client of PostgreSQL.</summary>
internal static class PostgresRequests
{
    /// <summary>The length of the messages that ask for encryption.</summary>
    public const int AskLength = 8;

    private const int CancelCode = 80877102;
    private const int TlsCode = 80877103;
    private const int GssCode = 80877104;
    private const int LeastLength = 8;
    private const int MostLength = 10_000; // as in the server

    /// <summary>The message that asks for TLS.</summary>
    public static ReadOnlyMemory<byte> AskForTls { get; } = new byte[] { 0, 0, 0, AskLength, 4, 210, 22, 47 };

    /// <summary>The answer of a server that accepts TLS.</summary>
    public static ReadOnlyMemory<byte> Accepted { get; } = "S"u8.ToArray();

    /// <summary>The answer of a server that does not accept the encryption.</summary>
    public static ReadOnlyMemory<byte> Refused { get; } = "N"u8.ToArray();

    /// <summary>Reads the kind of the first message.</summary>
    /// <param name="bytes">The first bytes of the client.</param>
    public static PostgresRequest Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes is [not 0, ..] or [_, not 0, ..])
        {
            return PostgresRequest.None;
        }

        if (bytes.Length < sizeof(int))
        {
            return PostgresRequest.MoreBytes;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (length is < LeastLength or > MostLength)
        {
            return PostgresRequest.None;
        }

        if (bytes.Length < LeastLength)
        {
            return PostgresRequest.MoreBytes;
        }

        return BinaryPrimitives.ReadInt32BigEndian(bytes[sizeof(int)..]) switch
        {
            TlsCode when length == AskLength => PostgresRequest.Tls,
            GssCode when length == AskLength => PostgresRequest.Gss,
            CancelCode => PostgresRequest.Cancel,
            var version when version >> 16 == 3 => PostgresRequest.Startup,
            _ => PostgresRequest.None,
        };
    }
}
