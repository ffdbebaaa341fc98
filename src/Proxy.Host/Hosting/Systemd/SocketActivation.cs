using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Proxy.Connections;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>Takes the listen sockets that systemd passes to the process from descriptor 3 on. TCP endpoints and Kestrel use them.</summary>
internal static partial class SocketActivation
{
    private const int First = 3;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;
    private const int SolSocket = 1;
    private const int AcceptsConnections = 30; // SO_ACCEPTCONN

    /// <summary>Takes the sockets; null if systemd passed none.</summary>
    /// <param name="environment">The number and the names of the sockets.</param>
    /// <param name="refused">Descriptions of the descriptors that are not listening stream sockets. They are closed.</param>
    public static InheritedSockets? Take(SystemdEnvironment environment, out IReadOnlyList<string> refused)
    {
        var (taken, others) = (new List<InheritedSocket>(), new List<string>());
        refused = others;
        if (environment.Sockets == 0 || !OperatingSystem.IsLinux())
        {
            return null;
        }

        for (var i = 0; i < environment.Sockets; i++)
        {
            var name = environment.SocketNames.ElementAtOrDefault(i) ?? "";
            if (TryOpen(First + i) is { } socket)
            {
                taken.Add(new(socket, name));
            }
            else
            {
                others.Add($"descriptor {First + i} ({name})");
            }
        }

        return new InheritedSockets(taken);
    }

    /// <summary>Makes Kestrel listen on a passed socket if its address matches.</summary>
    public static void AddToKestrel(IServiceCollection services, InheritedSockets sockets) =>
        services.Configure<SocketTransportOptions>(kestrel =>
            kestrel.CreateBoundListenSocket = endPoint =>
                sockets.TryTake(endPoint) ?? SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint)
        );

    private static Socket? TryOpen(int descriptor)
    {
        // Child processes, such as hook programs, must not inherit the socket.
        if (FileControl(descriptor, SetDescriptorFlags, CloseOnExec) < 0)
        {
            return null;
        }

        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);
        try
        {
            var socket = new Socket(handle);
            if (socket is { SocketType: SocketType.Stream, LocalEndPoint: not null } && Listens(socket))
            {
                return socket;
            }

            socket.Dispose();
        }
        catch (SocketException)
        {
            handle.Dispose();
        }

        return null;
    }

    private static bool Listens(Socket socket)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        return socket.GetRawSocketOption(SolSocket, AcceptsConnections, value) == sizeof(int) && BitConverter.ToInt32(value) != 0;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(int descriptor, int command, nint argument);
}
