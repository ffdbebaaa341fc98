using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections.Linux;

/// <summary>
/// The transport of the event loops. Binds only a <see cref="ListenEndPoint"/>, so that it can be registered beside Kestrel's own factory.
/// </summary>
internal sealed class EpollTransportFactory(EpollDependencies services, InheritedSockets? inherited = null)
    : IConnectionListenerFactory,
        IConnectionListenerFactorySelector
{
    /// <inheritdoc />
    public bool CanBind(EndPoint endpoint) => endpoint is ListenEndPoint;

    /// <inheritdoc />
    /// <exception cref="AddressInUseException">Another socket listens on the address.</exception>
    /// <exception cref="SocketException">The address cannot be bound for another reason.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var socket = ListenSocket.Open(endpoint as ListenEndPoint ?? new ListenEndPoint(endpoint), inherited);
        return new(new EpollListener(socket, services));
    }
}
