using Proxy.Connections;

namespace Proxy.Tls;

/// <summary>The bytes within TLS, which begin with those that were given back. Disposing it does nothing: its connection owns what is below.</summary>
internal sealed class TlsStream(TlsConnection connection, TlsReader reader) : Stream
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

    /// <summary>Reads; with an empty buffer, only waits until there are bytes.</summary>
    /// <exception cref="ConnectionEndedException">The peer has ended without close_notify, and that counts as a cut, or it violates TLS.</exception>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.AheadCount > 0 ? new(connection.ReadAhead(buffer.Span)) : reader.ReadAsync(buffer, cancellationToken);

    /// <summary>Completes when the kernel has all bytes.</summary>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.WriteAsync(buffer, cancellationToken);

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
