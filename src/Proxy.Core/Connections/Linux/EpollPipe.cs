using System.Buffers;
using System.IO.Pipelines;

namespace Proxy.Connections.Linux;

/// <summary>
/// Pipes directly on a socket: a waiting read holds no buffer, a flush completes when the kernel has the bytes, and completing the output
/// sends FIN in that direction only.
/// </summary>
internal sealed class EpollPipe(EpollConnection connection) : IDuplexPipe
{
    private const int WriteBufferSize = BufferPool.BufferSize;

    public PipeReader Input { get; } =
        PipeReader.Create(
            new EpollStream(connection),
            new StreamPipeReaderOptions(bufferSize: BufferPool.BufferSize, useZeroByteReads: true)
        );

    public PipeWriter Output { get; } =
        PipeWriter.Create(new SendingHalf(connection), new StreamPipeWriterOptions(minimumBufferSize: WriteBufferSize));

    /// <summary>Passes bytes that were read and not consumed to a relay.</summary>
    public void TakeUnread(RelayDirection direction)
    {
        if (Input.TryRead(out var read))
        {
            direction.Prepend(read.Buffer.ToArray());
            Input.AdvanceTo(read.Buffer.End);
        }
    }

    public async ValueTask CompleteAsync()
    {
        await Input.CompleteAsync();
        try
        {
            await Output.CompleteAsync();
        }
        catch (IOException)
        {
            // The peer has gone, so unsent bytes cannot be delivered.
        }
    }

    /// <summary>Closes the sending direction when the stream is closed.</summary>
    private sealed class SendingHalf(EpollConnection connection) : EpollStream(connection)
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                Connection.EndSending();
            }

            base.Dispose(disposing);
        }
    }
}
