using System.Net.Sockets;

namespace Proxy.Connections.Sockets;

/// <summary>Socket options that have no name in .NET.</summary>
internal static class SocketOptions
{
    private const int LinuxSolSocket = 1;
    private const int LinuxReusePort = 15;

    /// <summary>Sets SO_REUSEPORT on Linux; does nothing elsewhere.</summary>
    public static void SetReusePort(Socket socket, bool on)
    {
        if (OperatingSystem.IsLinux() && socket.AddressFamily != AddressFamily.Unix)
        {
            Span<byte> value = stackalloc byte[sizeof(int)];
            _ = BitConverter.TryWriteBytes(value, on ? 1 : 0);
            socket.SetRawSocketOption(LinuxSolSocket, LinuxReusePort, value);
        }
    }
}
