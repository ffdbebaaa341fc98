using Proxy.Peeking.Detectors;

namespace Proxy.Tls.Origination;

/// <summary>Asks a server of PostgreSQL for TLS (its protocol, "SSL Session Encryption").</summary>
internal static class PostgresNegotiation
{
    /// <summary>Asks, and expects that it agrees.</summary>
    /// <exception cref="HandshakeFailedException">It does not.</exception>
    public static async ValueTask AskAsync(Stream transport, CancellationToken cancellationToken)
    {
        int answer;
        try
        {
            await transport.WriteAsync(PostgresRequests.AskForTls, cancellationToken);
            answer = await ReadAsync(transport, cancellationToken);
        }
        catch (IOException exception)
        {
            throw HandshakeFailedException.Of(exception);
        }

        if (answer != PostgresRequests.Accepted.Span[0])
        {
            throw new HandshakeFailedException(TlsFailureReason.NotTls, Explain(answer));
        }
    }

    // One byte and no more: what follows it has to be within TLS, and a byte in clear that was read ahead would be taken for that.
    private static async ValueTask<int> ReadAsync(Stream transport, CancellationToken cancellationToken)
    {
        var answer = new byte[1];
        return await transport.ReadAsync(answer, cancellationToken) == 0 ? -1 : answer[0];
    }

    private static string Explain(int answer) =>
        answer switch
        {
            'N' => "The destination does not offer TLS: it answered SSLRequest with 'N'; set ssl = on there.",
            'E' => "The destination does not offer TLS: it answered SSLRequest with an error.",
            -1 => "The destination closed the connection when it was asked for TLS by SSLRequest.",
            _ => $"The destination is no server of PostgreSQL: it answered SSLRequest with the byte 0x{answer:x2}.",
        };
}
