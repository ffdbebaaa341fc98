using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The connections of a tunnel port that Kestrel serves, when the port is shared with tunnels that have a connection of their own. Kestrel takes them at once as
/// a rule, so the queue is empty.
/// </summary>
internal sealed class TunnelHandover : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int Capacity = 4096;

    private readonly Channel<HandedTunnel> _waiting = Channel.CreateBounded<HandedTunnel>(Capacity);

    /// <summary>What Kestrel binds in place of an address.</summary>
    public EndPoint EndPoint { get; } = new QueueEndPoint();

    /// <summary>Gives a connection to Kestrel; false if it takes none any more, or far too many wait.</summary>
    public bool TryAdd(HandedTunnel connection) => _waiting.Writer.TryWrite(connection);

    public bool CanBind(EndPoint endpoint) => endpoint == EndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new Listener(this));

    private async ValueTask<ConnectionContext?> TakeAsync(CancellationToken cancellationToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_waiting.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    private sealed class QueueEndPoint : EndPoint
    {
        // Kestrel makes an address of it, of which nothing is used.
        public override string ToString() => "tunnel";
    }

    private sealed class Listener(TunnelHandover queue) : IConnectionListener
    {
        public EndPoint EndPoint => queue.EndPoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            queue.TakeAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            queue._waiting.Writer.TryComplete();
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
