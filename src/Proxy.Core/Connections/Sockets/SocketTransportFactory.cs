using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Timing;

namespace Proxy.Connections.Sockets;

/// <summary>
/// The portable transport. Binds only a <see cref="ListenEndPoint"/>, so that it can be registered beside Kestrel's own factory.
/// </summary>
internal sealed class SocketTransportFactory(BufferPool buffers, DeadlineClock clock, TimeProvider time, InheritedSockets? inherited = null)
    : IConnectionListenerFactory,
        IConnectionListenerFactorySelector
{
    /// <inheritdoc />
    public bool CanBind(EndPoint endpoint) => endpoint is ListenEndPoint;

    /// <inheritdoc />
    /// <exception cref="AddressInUseException">Another socket listens on the address.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be bound for another reason.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var socket = ListenSocket.Open(endpoint as ListenEndPoint ?? new ListenEndPoint(endpoint), inherited);
        return new(new SocketConnectionListener(socket, new SocketDependencies(buffers, clock, time)));
    }
}
