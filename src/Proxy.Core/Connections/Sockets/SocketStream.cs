using System.Net.Sockets;

namespace Proxy.Connections.Sockets;

/// <summary>A connection as a stream, which begins with the bytes that were given back to the connection.</summary>
internal sealed class SocketStream(SocketConnection connection) : NetworkStream(connection.Socket, ownsSocket: false)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.AheadCount > 0 ? new(connection.ReadAhead(buffer.Span)) : base.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
