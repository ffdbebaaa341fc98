namespace Proxy.Connections;

/// <summary>A stream of bytes both ways, without a position and without synchronous calls, which would block an event loop.</summary>
internal abstract class ConnectionStream : Stream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The most bytes that are best written at once.</summary>
    public virtual int BestWrite => BufferPool.BufferSize;

    /// <summary>Reads available bytes; with an empty buffer, only waits until there are any.</summary>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Completes when the kernel has all bytes.</summary>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    public abstract override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw NoSynchronousUse();

    public override void Write(byte[] buffer, int offset, int count) => throw NoSynchronousUse();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static NotSupportedException NoSynchronousUse() =>
        new("A synchronous call would block an event loop; use the asynchronous methods.");
}
