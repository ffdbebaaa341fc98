using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections;

/// <summary>Opens listen sockets, for both transports.</summary>
internal static class ListenSocket
{
    /// <summary>Binds and listens, unless a socket was inherited that does.</summary>
    /// <exception cref="AddressInUseException">Another socket listens there.</exception>
    /// <exception cref="SocketException">The address cannot be bound for another reason.</exception>
    public static BoundSocket Open(ListenEndPoint listen, InheritedSockets? inherited) =>
        inherited?.TryTake(listen) is { } bound ? new(bound, Outlives: true) : new(Open(listen), Outlives: false);

    private static Socket Open(ListenEndPoint listen)
    {
        var socket = Create(listen);
        try
        {
            Bind(socket, listen);
            socket.Listen(listen.Backlog);
            return socket;
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
