using System.Net.Security;
using Proxy.Connections;

namespace Proxy.Tls;

/// <summary>The bytes within TLS. Disposing it does nothing: its connection owns the stream below.</summary>
internal sealed class TlsStream(SslStream stream, CipherStream cipher, TlsEnds ends) : Stream
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
    /// <exception cref="ConnectionEndedException">The peer has ended without close_notify, and that counts as a cut.</exception>
    /// <exception cref="IOException">The connection is reset or closed, or the peer violates TLS.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var count = await stream.ReadAsync(buffer, cancellationToken);
            return count == 0 && !buffer.IsEmpty && cipher.HasEnded && ends.RequireCloseNotify
                ? throw new ConnectionEndedException(ends.Truncated, null)
                : count;
        }
        catch (IOException exception) when (cipher.HasEnded && exception is not ConnectionEndedException)
        {
            throw new ConnectionEndedException(ends.Truncated, exception); // within a record
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        stream.WriteAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
