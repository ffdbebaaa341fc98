using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections;

/// <summary>Opens listening sockets for both transports.</summary>
internal static class ListenSocket
{
    /// <summary>Binds and listens, or returns an inherited socket with the same address.</summary>
    /// <exception cref="AddressInUseException">Another socket listens on the address.</exception>
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
            // An overlapping address of the proxy has been set to share its port. Otherwise the address is in use by another program, and
            // sharing a port with a program of the same user would divide the clients between the two.
            SocketOptions.SetReusePort(socket, true);
            socket.Bind(listen.Address);
        }
    }
}
