using System.Net.Sockets;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Peeking.Detectors;

namespace Proxy.Peeking;

/// <summary>Reads and examines the first bytes of a client, and gives them back to its connection: its handler reads them first.</summary>
internal static class FirstBytesReader
{
    /// <summary>Reads as far as it is needed. Clients of PostgreSQL that ask for encryption are answered.</summary>
    /// <param name="connection">The connection, of which nothing was read that was not given back.</param>
    /// <param name="facts">Gets what is found out. It is final if the client has ended or if there is no room for more bytes.</param>
    /// <param name="need">What is needed, as far as it is known.</param>
    /// <param name="buffers">Provides the memory of the bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The outcome of a connection that cannot go on; null if it can.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<ConnectionOutcome?> ReadAsync(
        TcpConnection connection,
        ConnectionFacts facts,
        Func<ConnectionFacts, PeekNeed> need,
        BufferPool buffers,
        CancellationToken cancellationToken
    )
    {
        var ahead = connection.TakeAhead() ?? new ReadAhead(buffers);
        try
        {
            var stream = connection.OpenStream() ?? throw new InvalidOperationException("The connection was read already.");
            facts.Examine(ahead.Bytes);
            while (need(facts) is var next and not PeekNeed.Nothing)
            {
                if (next == PeekNeed.Answer)
                {
                    await stream.WriteAsync(facts.AnswerPostgres(), cancellationToken);
                    ahead.Skip(PostgresRequests.AskLength);
                }
                else if (!await ahead.ReceiveAsync(stream, cancellationToken))
                {
                    if (ahead.IsOutOfMemory)
                    {
                        return ConnectionOutcome.LimitExceeded; // no memory; its route cannot be guessed
                    }

                    facts.End();
                    break;
                }

                facts.Examine(ahead.Bytes);
            }

            return null;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            return ConnectionOutcome.ClientReset;
        }
        finally
        {
            connection.Unread(ahead);
        }
    }
}
