using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections.Sockets;

/// <summary>
/// The portable transport: binds what <see cref="ListenEndPoint"/> names. Registered beside Kestrel's own factory it takes
/// only such endpoints and leaves all others alone.
/// </summary>
public sealed class SocketTransportFactory(BufferPool buffers, DeadlineClock clock, TimeProvider time)
    : IConnectionListenerFactory,
        IConnectionListenerFactorySelector
{
    /// <inheritdoc />
    public bool CanBind(EndPoint endpoint) => endpoint is ListenEndPoint;

    /// <inheritdoc />
    /// <exception cref="AddressInUseException">Somebody else listens there.</exception>
    /// <exception cref="SocketException">The address cannot be bound for another reason.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listen = endpoint as ListenEndPoint ?? new ListenEndPoint(endpoint);
        var socket = Create(listen);
        try
        {
            Bind(socket, listen);
            socket.Listen(listen.Backlog);
            return new(new SocketConnectionListener(socket, new SocketServices(buffers, clock, time)));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new AddressInUseException($"The address {listen} is in use.", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket Create(ListenEndPoint listen)
    {
        if (listen.Address is UnixDomainSocketEndPoint)
        {
            return new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        }

        var socket = new Socket(listen.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (listen.Address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = listen.DualStack;
        }

        return socket;
    }

    private static void Bind(Socket socket, ListenEndPoint listen)
    {
        if (listen.Address is UnixDomainSocketEndPoint unix)
        {
            UnixSocketFile.RemoveStale(unix);
            socket.Bind(unix);
            return;
        }

        try
        {
            socket.Bind(listen.Address);
        }
        catch (SocketException exception)
            when (listen.SharePort && exception.SocketErrorCode == SocketError.AddressAlreadyInUse && OperatingSystem.IsLinux())
        {
            // An overlapping address of ours has been told to share its port. Otherwise it is a stranger's, and any program of
            // the same user that shares its own would be joined, and take a part of the clients.
            SocketOptions.SetReusePort(socket, true);
            socket.Bind(listen.Address);
        }
    }
}
