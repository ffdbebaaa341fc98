using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Proxy.Limits;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The memory of all tunnels, a part of the process's, and what happens when it is used up: connections of peers are read slowly. They cannot
/// be left unread, since the frames that make room for the other direction, and the answers to pings, come on the same connection.
/// </summary>
internal sealed class TunnelPace(ByteBudget process, TimeProvider time)
{
    private const int Share = 2; // half of the process's memory is for tunnels, half of that even if others have used up the rest

    /// <summary>The pause before each read, far shorter than any deadline for the answer to a ping.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>What blocks of tunnels count in.</summary>
    public ByteBudget Memory { get; } = new(process.Limit / Share, process);

    /// <summary>Whether reads are delayed.</summary>
    public bool IsSlow => Memory.Used >= Memory.Limit || (process.IsFull && Memory.Used >= Memory.Limit / Share);

    /// <summary>Waits before a read, if the memory is used up.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (IsSlow)
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <summary>Slows a connection of a peer to this instance, as a middleware after TLS.</summary>
    public async Task SlowAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Transport = new Transport(new SlowReader(connection.Transport.Input, this), connection.Transport.Output);
        await next(connection);
    }

    /// <summary>Slows a connection of this instance to a peer.</summary>
    public Stream Slow(Stream connection) => new SlowStream(connection, this);

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class SlowReader(PipeReader inner, TunnelPace pace) : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            pace.IsSlow ? ReadSlowlyAsync(cancellationToken) : inner.ReadAsync(cancellationToken);

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        private async ValueTask<ReadResult> ReadSlowlyAsync(CancellationToken cancellationToken)
        {
            await pace.WaitAsync(cancellationToken);
            return await inner.ReadAsync(cancellationToken);
        }
    }

    private sealed class SlowStream(Stream inner, TunnelPace pace) : Stream
    {
        public override bool CanRead => inner.CanRead;

        public override bool CanSeek => false;

        public override bool CanWrite => inner.CanWrite;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            pace.IsSlow ? ReadSlowlyAsync(buffer, cancellationToken) : inner.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.WriteAsync(buffer, offset, count, cancellationToken);

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private async ValueTask<int> ReadSlowlyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            await pace.WaitAsync(cancellationToken);
            return await inner.ReadAsync(buffer, cancellationToken);
        }
    }
}
