using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Proxy.Connections.Sockets;

/// <summary>A connection as a stream, which begins with the bytes that were given back to the connection.</summary>
internal sealed class SocketStream(SocketConnection connection) : NetworkStream(connection.Socket, ownsSocket: false)
{
    /// <summary>Reads available bytes; with an empty buffer, only waits until there are any.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.AheadCount > 0 ? new(connection.ReadAhead(buffer.Span))
        : buffer.IsEmpty ? WaitAsync(cancellationToken)
        : ReceiveAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var count = await base.ReadAsync(buffer, cancellationToken);
        return count == 0 && connection.IsEndAReset ? throw Reset() : count;
    }

    private static IOException Reset()
    {
        var reason = new SocketException((int)SocketError.ConnectionReset);
        return new(reason.Message, reason);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(CancellationToken cancellationToken)
    {
        while (await base.ReadAsync(Memory<byte>.Empty, cancellationToken) != 0 || !connection.IsReadable)
        {
            // An earlier event may be stale.
        }

        return 0;
    }
}
