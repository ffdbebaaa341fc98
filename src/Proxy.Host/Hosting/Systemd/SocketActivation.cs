using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Proxy.Connections;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>The listen sockets that systemd passes on, from descriptor 3: for our endpoints and for Kestrel's.</summary>
internal static partial class SocketActivation
{
    private const int First = 3;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;
    private const int SolSocket = 1;
    private const int AcceptsConnections = 30; // SO_ACCEPTCONN

    /// <summary>Takes them over; null when there are none.</summary>
    /// <param name="environment">How many there are.</param>
    /// <param name="refused">What was passed on and is no socket that listens.</param>
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

    /// <summary>Lets Kestrel listen on them too.</summary>
    public static void UseFor(IServiceCollection services, InheritedSockets sockets) =>
        services.Configure<SocketTransportOptions>(kestrel =>
            kestrel.CreateBoundListenSocket = endPoint =>
                sockets.TryTake(endPoint) ?? SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint)
        );

    private static Socket? TryOpen(int descriptor)
    {
        // Programs that we start must not have it.
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
