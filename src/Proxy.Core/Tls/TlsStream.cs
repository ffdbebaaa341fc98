using Proxy.Connections;

namespace Proxy.Tls;

/// <summary>The bytes within TLS, which begin with those that were given back. Disposing it does nothing: its connection owns what is below.</summary>
internal sealed class TlsStream(TlsConnection connection, TlsReader reader) : ConnectionStream, IReadyStream
{
    /// <inheritdoc />
    public override int BestWrite => TlsWriter.BestSize;

    /// <inheritdoc />
    public ValueTask WaitAsync(CancellationToken cancellationToken) =>
        connection.AheadCount > 0 ? ValueTask.CompletedTask : reader.WaitAsync(cancellationToken);

    /// <inheritdoc />
    /// <exception cref="ConnectionEndedException">The peer has ended without close_notify, and that counts as a cut, or it violates TLS.</exception>
    public ValueTask<int> TryReadAsync(Memory<byte> buffer) =>
        connection.AheadCount > 0 ? new(connection.ReadAhead(buffer.Span)) : reader.TryReadAsync(buffer);

    /// <summary>Reads; with an empty buffer, only waits until there are bytes.</summary>
    /// <exception cref="ConnectionEndedException">The peer has ended without close_notify, and that counts as a cut, or it violates TLS.</exception>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.AheadCount > 0 ? new(connection.ReadAhead(buffer.Span)) : reader.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc />
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.WriteAsync(buffer, cancellationToken);
}
