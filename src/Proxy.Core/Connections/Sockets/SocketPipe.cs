using System.IO.Pipelines;
using System.Net.Sockets;

namespace Proxy.Connections.Sockets;

/// <summary>
/// Pipes directly on a socket: a waiting read holds no buffer, a flush completes when the kernel has the bytes, and completing the output
/// sends FIN in that direction only.
/// </summary>
internal sealed class SocketPipe(SocketConnection connection) : IDuplexPipe
{
    private const int WriteBufferSize = BufferPool.BufferSize;

    public PipeReader Input { get; } =
        PipeReader.Create(
            new SocketStream(connection),
            new StreamPipeReaderOptions(bufferSize: BufferPool.BufferSize, useZeroByteReads: true)
        );

    public PipeWriter Output { get; } =
        PipeWriter.Create(new SendStream(connection), new StreamPipeWriterOptions(minimumBufferSize: WriteBufferSize));

    public async ValueTask CompleteAsync()
    {
        await Input.CompleteAsync();
        try
        {
            await Output.CompleteAsync();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The peer has gone, so unsent bytes cannot be delivered.
        }
    }

    /// <summary>Closes only the sending direction when the stream is closed.</summary>
    private sealed class SendStream(SocketConnection connection) : NetworkStream(connection.Socket, ownsSocket: false)
    {
        public override bool CanRead => false;

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                connection.EndSending();
            }

            base.Dispose(disposing);
        }
    }
}
