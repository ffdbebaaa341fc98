using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Timing;

namespace Proxy.Connections.Sockets;

/// <summary>
/// The portable transport: binds what <see cref="ListenEndPoint"/> names. Registered beside Kestrel's own factory it takes
/// only such endpoints and leaves all others alone.
/// </summary>
internal sealed class SocketTransportFactory(BufferPool buffers, DeadlineClock clock, TimeProvider time, InheritedSockets? inherited = null)
    : IConnectionListenerFactory,
        IConnectionListenerFactorySelector
{
    /// <inheritdoc />
    public bool CanBind(EndPoint endpoint) => endpoint is ListenEndPoint;

    /// <inheritdoc />
    /// <exception cref="AddressInUseException">Another socket listens there.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be bound for another reason.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var socket = ListenSocket.Open(endpoint as ListenEndPoint ?? new ListenEndPoint(endpoint), inherited);
        return new(new SocketConnectionListener(socket, new SocketServices(buffers, clock, time)));
    }
}
