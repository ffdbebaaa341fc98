using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Tls;

/// <summary>The bytes within TLS as pipes, for handlers and relays that use these. Completing the output ends sending.</summary>
internal sealed class TlsPipes(TlsConnection connection, Stream stream) : IDuplexPipe
{
    public PipeReader Input { get; } =
        PipeReader.Create(stream, new(bufferSize: BufferPool.BufferSize, leaveOpen: true, useZeroByteReads: true));

    public PipeWriter Output { get; } =
        new EndingWriter(connection, PipeWriter.Create(stream, new(minimumBufferSize: BufferPool.BufferSize, leaveOpen: true)));

    private sealed class EndingWriter(TlsConnection connection, PipeWriter inner) : PipeWriter
    {
        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(source, cancellationToken);

        public override void Complete(Exception? exception = null)
        {
            inner.Complete(exception);
            if (exception is null)
            {
                connection.EndSending();
            }
            else
            {
                Abort(exception);
            }
        }

        public override async ValueTask CompleteAsync(Exception? exception = null)
        {
            await inner.CompleteAsync(exception);
            if (exception is null)
            {
                await connection.EndSendingAsync();
            }
            else
            {
                Abort(exception);
            }
        }

        // close_notify would tell the peer that it has got everything.
        private void Abort(Exception exception) =>
            connection.Abort(
                exception as ConnectionAbortedException ?? new ConnectionAbortedException("The output has failed.", exception)
            );
    }
}
