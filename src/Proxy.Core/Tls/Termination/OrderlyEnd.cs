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
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(1);

    /// <summary>Sends FIN, and discards what comes until the client has ended as well, for a second and 256 KiB at most.</summary>
    [SuppressMessage("Performance", "CA1849", Justification = "A client that does not read must not keep this waiting.")]
    public static async Task SendAsync(TcpConnection connection, BufferPool buffers, TimeProvider time)
    {
        connection.EndSending();
        using var deadline = new CancellationTokenSource(_limit, time);
        var buffer = buffers.RentAtLeast(BufferSize);
        try
        {
            var left = MostBytes;
            while (left > 0 && connection.OpenStream() is { } stream && await stream.ReadAsync(buffer, deadline.Token) is var count and > 0)
            {
                left -= count;
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // It has had its time, or is gone.
        }
        finally
        {
            buffers.Return(buffer);
        }
    }
}
