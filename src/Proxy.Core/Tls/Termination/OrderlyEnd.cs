using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Proxy.Connections;

namespace Proxy.Tls.Termination;

/// <summary>
/// Ends a connection so that its client can read what was sent last. A socket that is closed while there are unread bytes sends RST, which makes the
/// client's system discard what its program has not read.
/// </summary>
internal static class OrderlyEnd
{
    private const int BufferSize = 4096;
    private const int MostBytes = 256 * 1024;
    private const int Most = 1000; // at once; further ones are closed as they are
    private static int _running;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(1);

    /// <summary>Sends FIN, and discards what comes until the client has ended as well, for a second and 256 KiB at most.</summary>
    [SuppressMessage("Performance", "CA1849", Justification = "A client that does not read must not keep this waiting.")]
    public static async Task SendAsync(TcpConnection connection, BufferPool buffers, TimeProvider time)
    {
        connection.EndSending();
        if (buffers.IsFull)
        {
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _running) <= Most)
            {
                using var deadline = new CancellationTokenSource(_limit, time);
                await DiscardAsync(connection, buffers, deadline.Token);
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // It has had its time, or is gone.
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    // A buffer is taken only while there are bytes.
    private static async Task DiscardAsync(TcpConnection connection, BufferPool buffers, CancellationToken cancellationToken)
    {
        var left = MostBytes;
        while (left > 0 && await connection.WaitForInputAsync(cancellationToken) is null && connection.OpenStream() is { } stream)
        {
            var buffer = buffers.RentAtLeast(BufferSize);
            try
            {
                var count = await stream.ReadAsync(buffer, cancellationToken);
                if (count == 0)
                {
                    return;
                }

                left -= count;
            }
            finally
            {
                buffers.Return(buffer);
            }
        }
    }
}
